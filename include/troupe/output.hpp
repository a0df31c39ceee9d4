#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

namespace troupe {

/// Where what a child writes to its stdout and stderr goes.
enum class output {
  inherit, ///< to the parent's own stdout and stderr, as it is

  /// Through the parent, to the spdlog loggers "troupe.stdout" and "troupe.stderr": line by line, made
  /// printable, and with the name of the pool and the slot of the child before it, as in "[web/3] ready". If
  /// the program has not registered such loggers, troupe's own write to its stdout and stderr, on a thread of
  /// theirs, and hold up nobody: what comes faster than it can be written is dropped, the oldest lines
  /// first, and a warning says how many. Registered ones are called on the event loop's thread. The last
  /// lines of stderr are kept for `child_lost`.
  ///
  /// What a child writes before it constructs `runtime` is inherited. Lines of different children, and of the
  /// parent, are in no order. The pipes end with the child: a process that it has left behind gets SIGPIPE
  /// when it writes on.
  capture,
};

} // namespace troupe

#pragma GCC visibility pop
