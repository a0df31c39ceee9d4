#pragma once

#include "top/status.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// What looks at a process tell beside what they say: rates, shares, names. Pure, and the same for whatever shows it.
namespace troupe_cli {

/// How what has no name is called, and a frame of a stack.
struct view_names {
  std::function<std::string(const module_files&, const task_label&)> of_task;
  std::function<std::string(const module_files&, const code_place&)> of_frame;
};

/// The same pool at an earlier look, and the time in between; or, without such a look, the time since the first child was
/// started.
struct comparison {
  const pool_status* before = nullptr;
  double seconds = 0;
};

/// `before` is an earlier look at the process, or null.
comparison compare(
  const process_status& process, const pool_status& pool, const process_status* before);

/// The same pool at an earlier look at its process; null if there was no such look, or no such pool.
const pool_status* earlier_look(const process_status* before, const pool_status& pool);

/// In a second. Below 0: not known.
double rate(std::uint64_t now, std::uint64_t before, double seconds);
double rate_of(const pool_status& pool, const comparison& with);
double rate_of(const task_status& task, const comparison& with);

/// The seconds until nothing is left. Below 0: not known, or nothing is.
double seconds_left(std::uint64_t left, double per_second);
/// "2.47 s", or "-".
std::string time_left(std::uint64_t left, double per_second);

/// Percent of a CPU.
double cpu_share(const child_status& child, const pool_status* before, double seconds);

/// Children that have a task. `running_tasks` lists the 100 that have run longest only.
std::size_t busy_children(const pool_status& pool);

/// What the child of a slot runs: the task that has run longest, or null, and the number of the others.
struct child_work {
  const running_status* longest = nullptr;
  std::size_t others = 0;
};
child_work work_of(const pool_status& pool, std::size_t slot);

/// "task 5, attempt 3, slot 1, pid 101".
std::string place_of(const failure_status& failure);

/// The frames of the task: what has called it is the same for all.
std::vector<std::string> frames_of(
  const process_status& process, const failure_status& failure, const view_names& names);

} // namespace troupe_cli
