#pragma once

#include "policy/task_ledger.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::policy {

/// What is to be looked at later, in the order of time. Alarms are not taken back: who gets one sees
/// whether it still means something. Those of tasks that have ended are thrown out when they are the
/// majority, so the memory stays in proportion to the open tasks. Pure; O(log alarms).
class task_alarms {
public:
  using time_point = std::chrono::steady_clock::time_point;

  enum class purpose : std::uint8_t {
    expire,   ///< a task that has not been started is too late
    timeout,  ///< a task may have run into its timeout
    escalate, ///< a task that was asked to stop may still run
    retry,    ///< a task that failed goes back to its queue
  };

  struct alarm {
    time_point when{};
    purpose why{};
    task_key task{};
    std::uint32_t attempt = 0; ///< the one that is meant
    std::uint32_t seat = 0;    ///< timeout, escalate: the child,
    std::uint32_t cell = 0;    ///< and where the task is in it
    std::optional<time_point>
      began{}; ///< timeout: its start, as its child said when that was first seen
  };

  /// `is_open(task_key)`: whether the task has not ended.
  template <class IsOpen>
  void set(const alarm& what, IsOpen is_open) {
    if (heap_.size() >= next_sweep_)
      sweep(is_open);
    heap_.push_back(what);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  /// When the next one is due that still means something.
  template <class IsOpen>
  std::optional<time_point> next(IsOpen is_open) {
    while (!heap_.empty() && is_stale(heap_.front(), is_open))
      pop();
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().when);
  }

  /// Takes one that is due.
  std::optional<alarm> take_due(time_point now) {
    if (heap_.empty() || heap_.front().when > now)
      return std::nullopt;
    return pop();
  }

  std::size_t size() const noexcept { return heap_.size(); }

private:
  static bool later(const alarm& a, const alarm& b) noexcept { return a.when > b.when; }

  template <class IsOpen>
  static bool is_stale(const alarm& what, IsOpen is_open) {
    return what.why != purpose::escalate && !is_open(what.task);
  }

  alarm pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const auto first = heap_.back();
    heap_.pop_back();
    return first;
  }

  template <class IsOpen>
  void sweep(IsOpen is_open) {
    std::erase_if(heap_, [&](const alarm& each) { return is_stale(each, is_open); });
    std::make_heap(heap_.begin(), heap_.end(), later);
    next_sweep_ = std::max<std::size_t>(2 * heap_.size(), 1024);
  }

  std::vector<alarm> heap_;
  std::size_t next_sweep_ = 1024;
};

} // namespace troupe::policy
