#pragma once

#include <cstddef>

namespace bench {

/// If this process was started as the baseline's server, serves and does not return.
void become_caf_server_if_asked(int argc, char** argv);

/// Tasks per second of plain CAF: a remote actor in another process over loopback TCP, `count`
/// messages with 16 bytes of arguments, at most `window` outstanding.
double caf_remote_throughput(int count, int window);

} // namespace bench
