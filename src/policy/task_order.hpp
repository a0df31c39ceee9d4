#pragma once

#include <chrono>
#include <cstdint>

namespace troupe::policy {

/// What one unit of priority is worth in time waited.
inline constexpr std::chrono::milliseconds priority_step{100};

/// The order in which tasks leave a queue: less is earlier. A task that was submitted at `time` (any
/// monotonic clock) ranks as if it had come `priority` steps sooner. Since waiting tasks all age alike,
/// their order never changes, and none starves: whatever comes later than its rank stays behind it.
constexpr std::int64_t task_order(std::chrono::nanoseconds time, int priority) noexcept {
  return time.count() - std::chrono::nanoseconds(priority_step).count() * priority;
}

} // namespace troupe::policy
