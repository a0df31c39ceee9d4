#pragma once

#include <troupe/task_options.hpp>

#include <algorithm>
#include <chrono>

namespace troupe::policy {

/// How long to wait after the failure of attempt number `attempt` (from 1): exponential, bounded, with
/// jitter. `random` is uniform in [0, 1). Pure.
inline std::chrono::nanoseconds retry_delay(
  const retry_options& options, std::size_t attempt, double random) noexcept {
  const auto most = static_cast<double>(std::chrono::nanoseconds(options.max_backoff).count());
  auto delay = static_cast<double>(std::chrono::nanoseconds(options.backoff).count());
  for (std::size_t i = 1; i < attempt && delay < most; ++i)
    delay *= 2;
  delay = std::min(delay, most) * (1 - options.jitter * random);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(delay));
}

} // namespace troupe::policy
