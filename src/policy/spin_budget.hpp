#pragma once

#include <chrono>
#include <cstddef>

namespace troupe::policy {

/// How long an idle loop looks for work before it sleeps. Waking a sleeping thread costs some 20
/// microseconds, which a short look saves when the answer is about to come, and which is wasted, and
/// takes a core from whoever should produce that answer, when it is not. So the budget has a maximum,
/// which is zero unless each busy process can have a core, and a run of looks in vain suspends it for
/// a while. Pure.
class spin_budget {
public:
  void set_maximum(std::chrono::nanoseconds maximum) noexcept { maximum_ = maximum; }

  /// The time to look for work now, before going to sleep.
  std::chrono::nanoseconds next() noexcept;

  /// Whether the last look found something.
  void found(bool something) noexcept;

private:
  static constexpr std::size_t tries = 4;  // in vain, until it is suspended
  static constexpr std::size_t pause = 64; // sleeps without a look

  std::chrono::nanoseconds maximum_{0};
  std::size_t in_vain_ = 0;
  std::size_t skip_ = 0;
};

} // namespace troupe::policy
