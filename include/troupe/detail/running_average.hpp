#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// An exponentially weighted moving average of durations. Unknown until the first sample.
class running_average {
public:
  void add(std::chrono::nanoseconds sample) noexcept {
    value_ = known_ ? value_ + (sample - value_) / 8 : sample;
    known_ = true;
  }
  bool known() const noexcept { return known_; }
  std::chrono::nanoseconds value() const noexcept { return value_; }

private:
  std::chrono::nanoseconds value_{0};
  bool known_ = false;
};

} // namespace troupe::detail

#pragma GCC visibility pop
