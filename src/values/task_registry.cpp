#include <troupe/task_registry.hpp>

#include "base/escape.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>

namespace troupe {

namespace {

std::string in_quotes(std::string_view name) {
  return "\"" + base::escape(name) + "\"";
}

[[noreturn]] void refuse_value(const detail::given_argument& given, const std::string& must) {
  throw std::invalid_argument("argument " + std::to_string(given.position) + " of task " +
                              in_quotes(given.task) + " must " + must);
}

} // namespace

bool detail::flag_of(const given_argument& given) {
  if (const auto* value = std::get_if<bool>(&given.value))
    return *value;
  refuse_value(given, "be true or false");
}

std::string detail::text_of(const given_argument& given) {
  if (const auto* value = std::get_if<std::string>(&given.value))
    return *value;
  refuse_value(given, "be a string");
}

std::int64_t detail::integer_of(
  const given_argument& given, std::int64_t least, std::uint64_t most) {
  const auto* value = std::get_if<std::int64_t>(&given.value);
  if (value != nullptr && *value >= least &&
      (*value < 0 || static_cast<std::uint64_t>(*value) <= most))
    return *value;
  refuse_value(
    given, "be an integer from " + std::to_string(least) + " to " + std::to_string(most));
}

long double detail::number_of(const given_argument& given) {
  if (const auto* value = std::get_if<double>(&given.value))
    return *value;
  if (const auto* whole = std::get_if<std::int64_t>(&given.value))
    return static_cast<long double>(*whole);
  refuse_value(given, "be a number");
}

void detail::refuse_type(const given_argument& given) {
  refuse_value(given,
    "come from code: its type is none of bool, integer, floating-point number, string and path");
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
