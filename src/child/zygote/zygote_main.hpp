#pragma once

#include "base/unique_fd.hpp"

namespace troupe::child {

/// Runs this process, which has one thread, as the zygote that has the other end of the runtime's socket:
/// it runs the preload calls and then forks children until the runtime closes the socket.
[[noreturn]] void become_zygote(base::unique_fd socket) noexcept;

} // namespace troupe::child
