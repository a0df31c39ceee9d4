#include "link/segment_pool.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::link {

segment_pool& segment_pool::of_process() {
  // Never destroyed: what a future keeps is given back after the runtime's end.
  static auto* const instance = new std::shared_ptr<segment_pool>(std::make_shared<segment_pool>());
  return **instance;
}

detail::block_ptr segment_pool::get(std::size_t least) noexcept {
  const auto size = segment_size(least);
  {
    const std::lock_guard lock(mutex_);
    if (auto found = find_idle(size))
      return segment::lend(std::move(found));
    make_room();
    if (numbers_.size() >= limits::max_argument_segments)
      return nullptr;
  }
  try {
    auto made = segment::make(size, segment::writers::maker, true, shared_from_this());
    const std::lock_guard lock(mutex_);
    numbers_.insert(made->number());
    idle_.reserve(numbers_.size()); // so that it can be taken back
    return segment::lend(std::move(made));
  } catch (const std::exception&) {
    return nullptr;
  }
}

// One of at most four times the size: memory that is not needed must not lie in use.
std::unique_ptr<segment> segment_pool::find_idle(std::size_t least) noexcept {
  auto best = idle_.end();
  for (auto at = idle_.begin(); at != idle_.end(); ++at) {
    const auto size = (*at)->capacity();
    if (size >= least && size <= 4 * least && (best == idle_.end() || size <= (*best)->capacity()))
      best = at;
  }
  if (best == idle_.end())
    return nullptr;
  auto found = std::move(*best);
  idle_.erase(best);
  idle_bytes_ -= found->capacity();
  return found;
}

// Idle ones of other sizes must not keep new ones from being made.
void segment_pool::make_room() noexcept {
  while (!idle_.empty() && numbers_.size() >= limits::max_argument_segments) {
    idle_bytes_ -= idle_.front()->capacity();
    numbers_.erase(idle_.front()->number());
    idle_.erase(idle_.begin());
  }
}

void segment_pool::take(std::unique_ptr<segment> unused) noexcept {
  const std::lock_guard lock(mutex_);
  if (idle_bytes_ + unused->capacity() > limits::max_idle_argument_bytes) {
    numbers_.erase(unused->number());
    return;
  }
  unused->idle_since = std::chrono::steady_clock::now();
  idle_bytes_ += unused->capacity();
  idle_.push_back(std::move(unused));
}

bool segment_pool::contains(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return numbers_.contains(number);
}

bool segment_pool::trim(time_point idle_since) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(idle_, [&](const std::unique_ptr<segment>& one) {
    if (one->idle_since > idle_since)
      return false;
    idle_bytes_ -= one->capacity();
    numbers_.erase(one->number());
    return true;
  });
  return !idle_.empty();
}

} // namespace troupe::link
