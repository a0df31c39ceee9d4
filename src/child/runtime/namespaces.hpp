#pragma once

namespace troupe::child {

/// Gives this process, which must have one thread, namespaces of its own (namespaces(7)) for users, the network, System V
/// IPC with POSIX queues, and the name of the host; and takes all capabilities from it. Its user and group stay the same.
/// `loopback`: the interface by which a process reaches its own machine, here itself, is there and works. Throws
/// `std::system_error`, which says what the system does not give.
void enter_own_namespaces(bool loopback);

} // namespace troupe::child
