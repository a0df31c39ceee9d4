#pragma once

#include "policy/task_ledger.hpp"

#include <string>

namespace troupe::policy {

/// How a task is called in messages: "task 5", or "task 5 (resize)".
inline std::string task_title(task_key key, const detail::task_state& task) {
  std::string title = "task " + std::to_string(key.id);
  if (task.options && !task.options->name.empty())
    title += " (" + task.options->name + ")";
  return title;
}

} // namespace troupe::policy
