#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>

namespace troupe::policy {

/// Waiting tasks that were submitted by tasks. The most deeply nested come first, and of those the oldest:
/// a recursion is walked depth first, which keeps the number of tasks that wait for others small. Pure.
template <class Task>
class nested_tasks {
public:
  void push(Task task, std::uint32_t nesting) {
    by_nesting_[nesting].push_back(std::move(task));
    ++size_;
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Offers the first task of each depth to `take(task, nesting)`, until one is taken (true). Those of
  /// which `is_open(task)` says no are dropped on the way, and counted in `dropped`.
  template <class IsOpen, class Take>
  bool take_first(IsOpen is_open, Take take, std::size_t& dropped) {
    for (auto level = by_nesting_.begin(); level != by_nesting_.end();) {
      auto& tasks = level->second;
      while (!tasks.empty() && !is_open(tasks.front())) {
        tasks.pop_front();
        --size_;
        ++dropped;
      }
      const bool taken = !tasks.empty() && take(tasks.front(), level->first);
      if (taken) {
        tasks.pop_front();
        --size_;
      }
      level = tasks.empty() ? by_nesting_.erase(level) : std::next(level);
      if (taken)
        return true;
    }
    return false;
  }

private:
  std::map<std::uint32_t, std::deque<Task>, std::greater<>> by_nesting_;
  std::size_t size_ = 0;
};

} // namespace troupe::policy
