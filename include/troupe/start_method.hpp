#pragma once

#include <troupe/detail/compiler.hpp>

#include <string_view>

#pragma GCC visibility push(default)

namespace troupe {

/// How a child comes into being.
///
/// Children that are forked (`forkserver`, `fork`) begin with a copy of their zygote's memory. The library
/// sees to this:
///
/// - Output that stdio or `std::cout` had buffered is written once, before the fork. The buffers of other
///   streams are copied: flush a `std::ofstream` before it.
/// - The C library's `rand`, `random` and `drand48` get a seed of their own in each child, and
///   `std::random_device` asks the kernel. An engine that was seeded before the fork gives the same
///   numbers in all children, unless the initializer seeds it anew.
/// - Descriptors other than 0, 1 and 2 are closed, and signals have their default actions.
///
/// Handlers of `pthread_atfork` do not run.
///
/// Whatever the method, a child has the parent's working directory, umask and user, the environment of the time
/// when its pool was made (with `forkserver`, its zygote was executed; with `fork`, the runtime made), a process group
/// of its own, and no signal blocked or ignored but SIGTTIN and SIGTTOU, so a terminal does not stop it.
enum class start_method {
  /// The program is executed anew for each child. `main` runs in it up to the `runtime` or `child_entry`. The slowest
  /// way, some milliseconds a child, and the one without conditions. A child that leaves in an orderly way does so as a
  /// program does: functions of `atexit` run, and destructors of static objects. Forked children of the other methods
  /// flush stdio and `std::cout` only, for the rest may be another process's.
  spawn,

  /// The program is executed anew once, as a *zygote*: a process with a single thread that runs
  /// `runtime_options::preload` and then forks each child, within a millisecond. What the preload
  /// calls have made is in every child and is shared with it, copy-on-write.
  ///
  /// The zygote looks up all functions of shared libraries when it starts (LD_BIND_NOW, ld.so(8)), so that
  /// its children need not. `dlopen` does the same there, whatever flags it is given; where that must not
  /// be, start the program with an empty LD_BIND_NOW.
  forkserver,

  /// As `forkserver`, but the zygote is a fork of the program itself, made by the constructor of
  /// `runtime`: what `main` built before it is in every child, copy-on-write. Must have been chosen by
  /// then, and the program must have no other thread yet.
  fork,
};

/// The process-wide default for pools that do not say: `spawn`, unless `set_start_method` or
/// `runtime_options::start_method` chose another. Thread-safe.
start_method get_start_method() noexcept;

/// Changes the default for pools that are made later; a pool keeps the method with which it was made.
/// `fork` must be set before the `runtime` is constructed, which makes the zygote. Thread-safe.
void set_start_method(start_method method) noexcept;

/// As above, by name: "spawn", "forkserver" or "fork". Throws `std::invalid_argument`, which lists the
/// three, for another name.
void set_start_method(std::string_view name);

/// "spawn", "forkserver" or "fork".
std::string_view to_string(start_method method) noexcept;

/// The inverse of `to_string`. Throws `std::invalid_argument` as `set_start_method` does.
start_method parse_start_method(std::string_view name);

} // namespace troupe

#pragma GCC visibility pop
