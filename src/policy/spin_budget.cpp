#include "policy/spin_budget.hpp"

namespace troupe::policy {

std::chrono::nanoseconds spin_budget::next() noexcept {
  if (skip_ > 0) {
    --skip_;
    return std::chrono::nanoseconds::zero();
  }
  return maximum_;
}

void spin_budget::found(bool something) noexcept {
  in_vain_ = something ? 0 : in_vain_ + 1;
  if (in_vain_ >= tries) {
    in_vain_ = tries - 1; // after the pause, one look in vain is enough
    skip_ = pause;
  }
}

} // namespace troupe::policy
