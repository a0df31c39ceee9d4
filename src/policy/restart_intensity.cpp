#include "policy/restart_intensity.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace troupe::policy {

bool restart_intensity::too_many(clock::time_point now) {
  while (!deaths_.empty() && now - deaths_.front() > options_.period)
    deaths_.pop_front();
  deaths_.push_back(now);
  return deaths_.size() > options_.intensity;
}

std::optional<std::chrono::milliseconds> restart_intensity::died(clock::time_point now) {
  if (too_many(now))
    return std::nullopt;
  return std::chrono::milliseconds::zero();
}

std::optional<std::chrono::milliseconds> restart_intensity::failed_to_start(clock::time_point now) {
  ++failed_starts_;
  if (too_many(now) || failed_starts_ >= options_.start_attempts)
    return std::nullopt;
  auto delay = std::min(options_.backoff, limits::max_backoff);
  for (std::size_t i = 1; i < failed_starts_ && delay < limits::max_backoff; ++i)
    delay *= 2;
  return std::min(delay, limits::max_backoff);
}

} // namespace troupe::policy
