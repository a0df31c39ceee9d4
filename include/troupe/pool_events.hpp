#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <sys/types.h>

#pragma GCC visibility push(default)

// What the callbacks of `pool_options` are given.
namespace troupe {

/// A child of a pool has run its initializer, and takes tasks; or it is a spare, and waits for a slot.
struct child_started {
  std::string pool;     ///< its name
  std::size_t slot = 0; ///< 0 to `processes` - 1; of a spare, `processes` and more
  pid_t pid = 0;
  bool spare = false;
};

/// A child of a pool is gone.
struct child_ended {
  std::string pool;  ///< its name
  bool died = false; ///< the pool had not asked it to leave
  child_exit exit{}; ///< slot, pid, signal or exit code, reason, stack, last output
};

/// A task of a pool has failed, and is tried again (`task_options::retries`).
struct task_retried {
  std::string pool; ///< its name
  task_id id = 0;
  std::string name{};                ///< `task_options::name`, or empty
  std::uint32_t attempt = 1;         ///< the one that has failed; counts from 1
  std::exception_ptr failure{};      ///< of what
  std::chrono::nanoseconds delay{0}; ///< until the next attempt
};

/// How a run of a task has ended.
enum class task_end {
  value, ///< with a value; of a batch, all its items have ended, and `task_ended::failed` of them have thrown
  threw, ///< it threw
  lost,  ///< its child died
  timed_out, ///< it ran longer than its `timeout`
  expired,   ///< it was not started within its `expires`
  cancelled, ///< dropped by `cancel`, `terminate`, or because the pool failed
  failed,    ///< there was no memory for it, or its scheduler chose a queue that is not there
};

/// The name of the enumerator.
const char* to_string(task_end how) noexcept;

/// A task of a pool has run: an attempt at it is over, or it ends without having been started. What successive items of a
/// map have run together, as a batch, is one such run. Each task, and each item, is in one that is not `again`.
struct task_ended {
  std::string pool;         ///< its name
  task_id id = 0;           ///< of a batch, that of the first item
  std::string name{};       ///< `task_options::name`, or empty
  code_location function{}; ///< of a task that has no name
  std::size_t items = 1;    ///< that have ended so
  std::size_t failed = 0; ///< of these, those that did not end with a value, and were not cancelled
  std::uint32_t attempt = 0; ///< counts from 1; 0: it was in no child
  task_end how = task_end::value;
  bool again = false;                            ///< it is tried again
  std::string type{};                            ///< of the exception, demangled
  int signal = 0;                                ///< that ended the child of a lost one, or 0
  bool started = false;                          ///< a child has begun it
  std::size_t slot = 0;                          ///< of that child,
  pid_t pid = 0;                                 ///< and its process
  std::chrono::steady_clock::time_point began{}; ///< as its child says; not started: when it ended
  std::chrono::nanoseconds ran{0};               ///< since then
  std::size_t queued = 0; ///< the tasks of the pool that wait in the parent at this moment
};

/// A task of a pool has run for longer than `pool_options::slow_after`, and goes on. Told once for each attempt, and of a
/// map for each item.
struct task_slow {
  std::string pool; ///< its name
  task_id id = 0;
  std::string name{};              ///< `task_options::name`, or empty
  code_location function{};        ///< of a task that has no name
  std::uint32_t attempt = 1;       ///< counts from 1
  std::size_t slot = 0;            ///< of the child that runs it,
  pid_t pid = 0;                   ///< and its process
  std::chrono::nanoseconds ran{0}; ///< so far
  /// The thread that executes it. 0: none does, so it is a coroutine that waits; or the child has not answered.
  pid_t thread = 0;
  std::vector<code_location> stack{}; ///< of that thread, innermost first

  /// `stack` with function names and lines, one frame a line. Resolves symbols, which takes milliseconds: not on the
  /// event loop's thread.
  std::string traceback() const;
};

} // namespace troupe

#pragma GCC visibility pop
