#pragma once

#include "policy/task_ledger.hpp"
#include "values/titles.hpp"

#include <string>

namespace troupe::policy {

/// How a task is called in messages: "task 5", or "task 5 (resize)".
inline std::string task_title(task_key key, const detail::task_state& task) {
  return detail::title_of_task(key.id, task.options ? task.options->name : std::string());
}

} // namespace troupe::policy
