#pragma once

#include "base/limits.hpp"
#include "policy/task_ledger.hpp"

#include <troupe/detail/promise.hpp>
#include <troupe/snapshot.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <vector>

namespace troupe::policy {

/// What a child of this library says of an exception, beside what its codec has written, is shorter. More of it would be
/// copied while all tasks of the pool wait, so it is not looked at.
inline constexpr std::size_t longest_failure_report =
  2 * limits::max_nested_exceptions * limits::max_error_text_bytes;

/// The last tasks of a pool that failed, and of what. Bounded in number and size; where many fail at once it leaves most
/// of them out, because looking at a failure costs more than many a task does.
class failure_log {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Whether a failure is to be looked at now.
  bool wants_more(time_point now) noexcept;

  /// A task, or a batch of which some items threw, has failed with that outcome. Without memory it is left out.
  void add(const task_ledger::entry& entry, const detail::outcome& result, time_point now) noexcept;

  /// The latest first.
  std::vector<task_failure> list(time_point now) const;

private:
  struct noted {
    task_failure failure;
    time_point when;
  };

  std::deque<noted> failures_;
  time_point window_{};       // of the failures that have been looked at,
  std::size_t in_window_ = 0; // the number of which this is
};

} // namespace troupe::policy
