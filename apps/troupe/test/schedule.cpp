#include "test/schedule.hpp"

#include <algorithm>
#include <utility>

namespace troupe_cli::test {

schedule::schedule(unsigned width)
  : width_(std::max(width, 1U)) {}

std::size_t schedule::add(demand what) {
  const auto number = demands_.size();
  first_priority_ = std::max(first_priority_, what.priority);
  demands_.push_back(std::move(what));
  ended_.push_back(false);
  waiting_.push_back(number);
  sorted_ = false;
  return number;
}

std::size_t schedule::add_first(demand what) {
  what.priority = first_priority_ + 1;
  return add(std::move(what));
}

unsigned schedule::weight_of(const demand& what) const {
  return std::clamp(what.weight, 1U, width_);
}

bool schedule::may_run(const demand& what) const {
  if (serial_runs_ || (what.serial && running_ > 0) || weight_ + weight_of(what) > width_)
    return false;
  return std::ranges::none_of(
    what.exclusive, [this](const std::string& word) { return held_.contains(word); });
}

std::optional<std::size_t> schedule::next() {
  if (!sorted_) {
    // The highest priority is last, where it is cheap to take; among equals, the first that was added.
    std::ranges::sort(waiting_, [this](std::size_t a, std::size_t b) {
      return std::pair(demands_[a].priority, b) < std::pair(demands_[b].priority, a);
    });
    sorted_ = true;
  }
  for (auto each = waiting_.rbegin(); each != waiting_.rend(); ++each) {
    const auto job = *each;
    const auto& what = demands_[job];
    const bool ready = std::ranges::all_of(
      what.after, [this](std::size_t before) { return before < ended_.size() && ended_[before]; });
    if (!ready)
      continue;
    if (!may_run(what)) {
      if (what.serial || weight_of(what) > 1)
        return std::nullopt; // it must not be overtaken for ever by what is smaller
      continue;
    }
    waiting_.erase(std::next(each).base());
    held_.insert(what.exclusive.begin(), what.exclusive.end());
    weight_ += weight_of(what);
    serial_runs_ = what.serial;
    ++running_;
    return job;
  }
  return std::nullopt;
}

void schedule::ended(std::size_t job) {
  const auto& what = demands_[job];
  for (const auto& word : what.exclusive)
    if (const auto held = held_.find(word); held != held_.end())
      held_.erase(held);
  weight_ -= weight_of(what);
  if (what.serial)
    serial_runs_ = false;
  --running_;
  ended_[job] = true;
}

void schedule::drop_waiting() {
  waiting_.clear();
}

} // namespace troupe_cli::test
