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
  return backoff();
}

std::chrono::milliseconds restart_intensity::backoff() const noexcept {
  auto delay = std::min(options_.backoff, limits::max_backoff);
  for (std::size_t i = 1; i < failed_starts_ && delay < limits::max_backoff; ++i)
    delay *= 2;
  return std::min(delay, limits::max_backoff);
}

std::chrono::milliseconds restart_intensity::failed_to_restart() noexcept {
  ++failed_starts_;
  // Not even one that asks for no backoff starts children that cannot be started without a pause.
  return std::max(backoff(), std::chrono::milliseconds(1));
}

std::chrono::milliseconds restart_intensity::died_of_task(std::size_t children) noexcept {
  ++deaths_in_a_row_;
  const auto patience = limits::deaths_without_success * std::max<std::size_t>(children, 1);
  return deaths_in_a_row_ <= patience ? std::chrono::milliseconds::zero() : limits::death_pause;
}

} // namespace troupe::policy
