#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/input.hpp>
#include <troupe/output.hpp>

#include <string>

#pragma GCC visibility push(default)

namespace troupe {

/// Everything that can be said about a `process` or a `worker`, with its defaults. Aggregate: use
/// designated initializers, `{.name = "importer", .daemon = true}`. Values out of range make the
/// constructor throw `std::invalid_argument`.
struct process_options {
  /// Appears in logs and errors. Empty: "process-N".
  std::string name{};

  /// What becomes of it if it still runs when the runtime ends: a daemonic process is terminated, any
  /// other is waited for. Children of both kinds die with a parent that is killed.
  bool daemon = false;

  /// Called in the child once its event loop exists and before the call itself; a plain function, for
  /// example `troupe::call(connect, "db.example", 5432)`. If it throws, the process ends with exit code
  /// 1, and joining it throws `start_failed` with the initializer's own error nested in it.
  bound_call initializer{};

  /// Called in the child after the call has returned or thrown; a plain function. If it throws, that is
  /// reported on stderr, and the exit code is 1.
  bound_call finalizer{};

  /// What it reads from its stdin.
  troupe::input input = troupe::input::null;

  /// What becomes of its stdout and stderr. Captured lines begin with its name.
  troupe::output output = troupe::output::inherit;

  /// Time from its launch until the initializer has returned; after it the child is killed, and joining
  /// throws `start_failed`. 1 ms to 1 day.
  std::chrono::milliseconds start_timeout{30'000};

  /// Time that the child gets to leave by itself: to run its finalizer when the call has ended, and to
  /// react to SIGTERM when the runtime ends. Then it is killed. 0 to 1 day.
  std::chrono::milliseconds shutdown_timeout{5'000};
};

} // namespace troupe

#pragma GCC visibility pop
