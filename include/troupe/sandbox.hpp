#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

namespace troupe {

/// What the kernel keeps the children of a pool from. It is in force before the initializer, for every process that
/// a child starts as well, and cannot be taken off. Where the kernel lacks a part of it, no child starts.
enum class sandbox {
  none, ///< nothing but what the user's own rights do

  /// A child cannot make, write, truncate, rename or remove files but beneath `pool_options::writable_directories`
  /// and in /dev/null, opens no socket unless `pool_options::sockets` is set, traces no process that is outside, puts
  /// nothing into a terminal as if it were typed, and gains no privileges. It reads whatever its user may read, writes to
  /// its stdout and stderr, makes pipes, memory files and pairs of stream sockets, changes times and permissions of
  /// files, and sends signals to processes of its user.
  ///
  /// Landlock, in its version 3 (Linux 6.2) or later, and seccomp do that, on x86-64 and on AArch64. The program must have
  /// no other threads when the child is set up: none that a static constructor, `loop_initializer`, or `main` before
  /// it makes the runtime has started.
  guarded,

  /// As `guarded`, and the child is alone. It has a network of its own, in which with `pool_options::sockets` it reaches
  /// itself by the loopback interface, over IPv4 and IPv6, and nobody else; there are no other kinds of sockets. It sees no
  /// System V IPC of others. It sends signals only to processes that it has started. Of other processes of its user it
  /// reads neither memory nor environment nor descriptors, and sets no limits. It has no capabilities, also if that user
  /// is root, and cannot make a namespace in which it would have some.
  ///
  /// It still reads whatever files its user may read, as owner, group or anybody, and may change the priority and the CPUs
  /// of that user's processes.
  ///
  /// It needs in addition Landlock in its version 6 (Linux 6.12) or later, and namespaces of users that a process may
  /// make for itself.
  isolated,
};

} // namespace troupe

#pragma GCC visibility pop
