#include "parent/pool/backlog.hpp"

#include <algorithm>

namespace troupe::parent {

bool backlog::try_enter() {
  if (!is_bounded())
    return true;
  const std::lock_guard lock(mutex_);
  if (used_ >= limit_)
    return false;
  ++used_;
  return true;
}

std::size_t backlog::enter(std::size_t wanted) {
  if (!is_bounded())
    return wanted;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return used_ < limit_; });
  const auto taken = std::min(wanted, limit_ - used_);
  used_ += taken;
  return taken;
}

void backlog::force_enter(std::size_t count) {
  if (!is_bounded())
    return;
  const std::lock_guard lock(mutex_);
  used_ += count;
}

void backlog::leave() {
  if (!is_bounded())
    return;
  {
    const std::lock_guard lock(mutex_);
    --used_;
  }
  changed_.notify_one();
}

} // namespace troupe::parent
