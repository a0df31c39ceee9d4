#pragma once

#include <troupe/detail/task_state.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace troupe {

namespace parent {
class pool_control;
}

namespace detail {

/// What templates in public headers need of a pool, without its definition.
using pool_ref = std::shared_ptr<parent::pool_control>;

/// Throws `std::invalid_argument` for options out of range.
std::shared_ptr<const task_options> checked_options(task_options options);

void submit_task(const pool_ref& pool, task_ptr task);
void submit_tasks(const pool_ref& pool, std::vector<task_ptr> tasks);
/// `started_too`: one that has been started is asked to stop; else it goes on.
void cancel_task(const pool_ref& pool, const task_ptr& task, bool started_too);
/// The running average of the times of the pool's tasks; 0 as long as it is unknown.
std::chrono::nanoseconds average_time(const pool_ref& pool);

} // namespace detail
} // namespace troupe
