#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe::policy {

/// The mean of many durations, of about the last thousand. One that is far longer than the others, since the kernel ran
/// something else meanwhile, hardly moves it; many that are longer do, the sooner the longer they are. Unknown until the
/// first sample.
class long_average {
public:
  void add(std::chrono::nanoseconds sample) noexcept {
    count_ = std::min(count_ + 1, most_);
    value_ += (static_cast<double>(sample.count()) - value_) / count_;
  }
  bool known() const noexcept { return count_ > 0; }
  std::chrono::nanoseconds value() const noexcept {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(value_));
  }

private:
  static constexpr std::int32_t most_ = 1024;

  double value_ = 0; // whole nanoseconds would not follow small changes
  std::int32_t count_ = 0;
};

} // namespace troupe::policy
