#pragma once

#include <troupe/scheduler.hpp>

#include <string>

namespace troupe::detail {

/// How a task is called in messages: "task 5", or "task 5 (resize)".
inline std::string title_of_task(task_id task, const std::string& name) {
  auto title = "task " + std::to_string(task);
  if (!name.empty())
    title += " (" + name + ")";
  return title;
}

} // namespace troupe::detail
