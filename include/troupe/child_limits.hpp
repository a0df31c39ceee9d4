#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstddef>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

/// What a child may use, set in the child before its initializer runs. 0 or empty: as the parent has it. A
/// limit that the system refuses (it is above the parent's own, or there is no such CPU) fails the start,
/// with a `std::system_error` that names it.
///
/// They keep mistakes from spreading, and are no boundary against hostile code.
struct child_limits {
  /// Bytes of address space (RLIMIT_AS). What exceeds it throws `std::bad_alloc` in the task.
  std::size_t address_space = 0;
  /// Open descriptors (RLIMIT_NOFILE). The child itself needs about 16.
  std::size_t open_files = 0;
  /// CPU time of one child, rounded up to whole seconds (RLIMIT_CPU), at most a year. Then
  /// SIGXCPU ends it.
  std::chrono::milliseconds cpu_time{0};
  /// Bytes of the largest file that it may write (RLIMIT_FSIZE). Then SIGXFSZ ends it.
  std::size_t file_size = 0;
  /// Processes and threads of the child's user, all of them counted wherever they come from (RLIMIT_NPROC): a child that
  /// would make one more gets EAGAIN. Nothing holds back a user with CAP_SYS_RESOURCE.
  std::size_t processes = 0;
  /// Added to its nice value, 0 to 39: higher is less urgent.
  std::size_t nice = 0;
  /// CPUs on which it may run, by number.
  std::vector<std::size_t> cpus{};
  /// It cannot gain privileges by executing a set-user-ID program (PR_SET_NO_NEW_PRIVS).
  bool no_new_privs = false;
  /// When it crashes it leaves a core file, as far as the hard limit (RLIMIT_CORE) allows. Otherwise it leaves none,
  /// whatever the parent may do, since many children can fill a disk; its stack is in `child_lost::traceback` anyway.
  bool core_dumps = false;
};

} // namespace troupe

#pragma GCC visibility pop
