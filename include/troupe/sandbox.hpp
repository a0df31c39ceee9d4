#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

namespace troupe {

/// What the kernel keeps the children of a pool from. It is in force before the initializer, for every process that
/// a child starts as well, and cannot be taken off. Where the kernel lacks a part of it, no child starts.
enum class sandbox {
  none, ///< nothing but what the user's own rights do

  /// A child cannot make, write, truncate, rename or remove files but beneath `pool_options::writable_directories`
  /// and in /dev/null, opens no socket unless `pool_options::sockets` is set, traces no process that is outside, and
  /// gains no privileges. It reads whatever its user may read, writes to its stdout and stderr, makes
  /// pipes, memory files and pairs of stream sockets, changes times and permissions of files, and sends signals to
  /// processes of its user.
  ///
  /// Landlock, in its version 3 (Linux 6.2) or later, and seccomp do that, on x86-64 and on AArch64. The program must have
  /// no other threads when the child is set up: none that a static constructor, `loop_initializer`, or `main` before
  /// it makes the runtime has started.
  guarded,
};

} // namespace troupe

#pragma GCC visibility pop
