#include <troupe/task_registry.hpp>

#include "base/escape.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

std::string in_quotes(std::string_view name) {
  return "\"" + base::escape(name) + "\"";
}

} // namespace

void detail::refuse_argument(
  const std::string& task, std::size_t position, const std::string& must) {
  throw std::invalid_argument(
    "argument " + std::to_string(position) + " of task " + in_quotes(task) + " must " + must);
}

void detail::refuse_count(const std::string& task, std::size_t takes, std::size_t given) {
  throw std::invalid_argument("task " + in_quotes(task) + " takes " + std::to_string(takes) +
                              (takes == 1 ? " argument" : " arguments") + ", and is given " +
                              std::to_string(given));
}

std::vector<task_registry::entry>::const_iterator task_registry::find(std::string_view name) const {
  return std::lower_bound(tasks_.begin(), tasks_.end(), name,
    [](const entry& task, std::string_view wanted) { return task.name < wanted; });
}

bool task_registry::contains(std::string_view name) const {
  const auto place = find(name);
  return place != tasks_.end() && place->name == name;
}

task_registry& task_registry::insert(entry task) {
  if (task.name.empty())
    throw std::invalid_argument("a task needs a name that is not empty");
  if (contains(task.name))
    throw std::invalid_argument("there is a task " + in_quotes(task.name) + " already");
  tasks_.insert(find(task.name), std::move(task));
  return *this;
}

std::vector<std::string> task_registry::names() const {
  std::vector<std::string> all;
  for (const auto& task : tasks_)
    all.push_back(task.name);
  return all;
}

bound_call task_registry::call(std::string_view name, std::span<const scalar> arguments) const {
  if (!contains(name))
    throw std::invalid_argument(
      "there is no task " + in_quotes(name) + ": tasks get their names in a troupe::task_registry");
  const auto found = find(name);
  return found->bind(found->code, found->name, arguments);
}

} // namespace troupe
