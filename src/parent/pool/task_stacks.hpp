#pragma once

#include "loop/event_loop.hpp"
#include "parent/child/child_process.hpp"
#include "values/late_stack.hpp"

#include <troupe/pool_options.hpp>

#include <functional>
#include <memory>

#include <sys/types.h>

// What a pool asks of its children about tasks that take long. On the loop's thread.
namespace troupe::parent {

/// Logs that a task is slow, and tells `on_task_slow`, with the stack of `thread` when the child has told it; 0: without.
/// Nobody is told after `has_stopped`: then the pool has ended, and what its callbacks refer to may be gone.
void report_slow_task(loop::event_loop& loop, const std::shared_ptr<const pool_options>& options,
  child_process& child, pid_t thread, task_slow&& told, std::function<bool()> has_stopped);

/// The stack of that thread of a child, if it executes the task; it comes later. Null if the child cannot be asked.
std::shared_ptr<const detail::late_stack> ask_task_stack(
  const pool_options& options, child_process& child, pid_t thread, task_id task) noexcept;

} // namespace troupe::parent
