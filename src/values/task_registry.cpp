#include <troupe/task_registry.hpp>

#include "base/escape.hpp"

#include <stdexcept>

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

task_registry& task_registry::insert(std::string name, entry task) {
  if (name.empty())
    throw std::invalid_argument("a task needs a name that is not empty");
  const auto [place, is_new] = tasks_.emplace(std::move(name), task);
  if (!is_new)
    throw std::invalid_argument("there is a task " + in_quotes(place->first) + " already");
  return *this;
}

std::vector<std::string> task_registry::names() const {
  std::vector<std::string> all;
  for (const auto& [name, task] : tasks_)
    all.push_back(name);
  return all;
}

bound_call task_registry::call(std::string_view name, std::span<const scalar> arguments) const {
  const auto found = tasks_.find(name);
  if (found == tasks_.end())
    throw std::invalid_argument(
      "there is no task " + in_quotes(name) + ": tasks get their names in a troupe::task_registry");
  return found->second.bind(found->second.code, found->first, arguments);
}

} // namespace troupe
