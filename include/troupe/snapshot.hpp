#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/stats.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#pragma GCC visibility push(default)

// What can be seen of a pool while it runs: `pool::snapshot` and `pool::stack_of`.
namespace troupe {

/// What has become of the tasks of one name. Each item of a map is a task.
struct task_counts {
  std::string
    name{}; ///< `task_options::name`; empty: they have none, and are those of one function
  code_location function{}; ///< of tasks that have no name
  bool others =
    false; ///< these are all tasks whose names came after the pool had seen 256 different ones
  std::uint64_t submitted = 0;
  std::uint64_t succeeded = 0; ///< ended with a value
  std::uint64_t failed = 0;    ///< threw, were lost, ran into their timeout, or expired
  std::uint64_t cancelled = 0; ///< were dropped
  /// Sum of the times that those which ended by themselves have run, as their children say.
  std::chrono::nanoseconds time{0};

  /// Those that have not ended.
  std::uint64_t left() const noexcept { return submitted - succeeded - failed - cancelled; }
  /// What they are called: the name, or that of the function. Resolves symbols, which takes milliseconds.
  std::string title() const;
};

/// A task that has failed for good.
struct task_failure {
  task_id id = 0;
  std::string name{};              ///< `task_options::name`, or empty
  code_location function{};        ///< of a task that has no name
  std::size_t slot = 0;            ///< of the child that had it,
  pid_t pid = 0;                   ///< and its process; 0: it was in none
  std::uint32_t attempt = 0;       ///< the last one; 0: it was not tried
  std::chrono::nanoseconds age{0}; ///< since it failed
  std::string type{};              ///< of the exception, demangled
  std::string message{};           ///< of the exception, escaped; a long one is cut
  std::vector<code_location>
    stack; ///< where it was thrown, or where the child crashed; may be empty

  /// `stack` with function names and lines, one frame a line, innermost first. Resolves symbols, which takes
  /// milliseconds.
  std::string traceback() const;
};

/// What a pool is and does at one moment. All counts are of the same moment.
struct pool_snapshot {
  pool_stats stats{};
  std::size_t max_queue = 0;           ///< `pool_options::max_queue`
  bool closing = false;                ///< it takes no more tasks
  std::vector<running_task> running{}; ///< those first that have run longest
  std::vector<task_counts> tasks{};    ///< in the order in which the names were first seen
  /// The last ones, the latest first: at most 16. Where many fail at once, some are left out.
  std::vector<task_failure> failures{};
};

/// What a thread of a child executes.
struct thread_stack {
  pid_t thread = 0;   ///< its number, as in /proc; that of the first one is the process's
  std::string name{}; ///< escaped
  std::vector<code_location>
    frames{};       ///< innermost first; empty: it has signals blocked, or did not answer
  task_id task = 0; ///< the one that it executes, or 0

  /// With function names and lines, one frame a line. Resolves symbols, which takes milliseconds.
  std::string text() const;
};

} // namespace troupe

#pragma GCC visibility pop
