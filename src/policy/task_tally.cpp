#include "policy/task_tally.hpp"

#include "base/limits.hpp"

namespace troupe::policy {

code_location function_of(const detail::call_code& code) noexcept {
  return code.target == code_location{} ? code.thunk : code.target;
}

task_tally::task_tally()
  : counts_(1) {
  counts_.reserve(8);
  counts_[others].others = true;
}

std::uint32_t task_tally::submitted(const detail::task_state& task) noexcept {
  const auto name = task.options ? std::string_view(task.options->name) : std::string_view();
  const auto function = name.empty() ? function_of(task.code) : code_location{};
  const auto& last = counts_[last_];
  if (last_ == others || last.name != name || last.function != function) {
    try {
      last_ = place_of(name, function);
    } catch (...) { // no memory
      last_ = others;
    }
  }
  counts_[last_].submitted += task.size();
  return last_;
}

std::uint32_t task_tally::place_of(std::string_view name, const code_location& function) {
  if (name.empty()) {
    const std::pair key(function.module, function.offset);
    const auto found = by_function_.find(key);
    if (found != by_function_.end())
      return found->second;
    if (counts_.size() > limits::max_counted_names)
      return others;
    const auto place = new_place({{}, function});
    return by_function_.emplace(key, place).first->second;
  }
  const auto found = by_name_.find(name);
  if (found != by_name_.end())
    return found->second;
  if (counts_.size() > limits::max_counted_names)
    return others;
  const auto place = new_place({std::string(name)});
  return by_name_.emplace(name, place).first->second;
}

std::uint32_t task_tally::new_place(task_counts counts) {
  counts_.push_back(std::move(counts));
  return static_cast<std::uint32_t>(counts_.size() - 1);
}

void task_tally::ended(std::uint32_t place, std::size_t succeeded, std::size_t failed,
  std::chrono::nanoseconds time) noexcept {
  auto& counts = counts_[place];
  counts.succeeded += succeeded;
  counts.failed += failed;
  counts.time += time;
}

std::vector<task_counts> task_tally::counts() const {
  std::vector<task_counts> seen;
  for (const auto& counts : counts_)
    if (counts.submitted > 0)
      seen.push_back(counts);
  return seen;
}

} // namespace troupe::policy
