#pragma once

#include <troupe/detail/task_state.hpp>

#include <memory>
#include <vector>

namespace troupe {

namespace parent {
class pool_control;
}

namespace detail {

/// What templates in public headers need of a pool, without its definition.
using pool_ref = std::shared_ptr<parent::pool_control>;

void submit_task(const pool_ref& pool, task_ptr task);
void submit_tasks(const pool_ref& pool, std::vector<task_ptr> tasks);
void cancel_task(const pool_ref& pool, const task_ptr& task);

} // namespace detail
} // namespace troupe
