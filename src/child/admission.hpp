#pragma once

#include "core/contract.hpp"

#include <cstddef>
#include <deque>
#include <utility>

namespace troupe::child {

/// The tasks that a child has accepted and not yet begun, and how many it may run: at most `concurrency`
/// at a time, in the order of their arrival. Pure.
template <class Call>
class admission {
public:
  explicit admission(std::size_t concurrency)
    : concurrency_(concurrency) {}

  void push(Call call) { inbox_.push_back(std::move(call)); }

  bool can_start() const noexcept { return active_ < concurrency_ && !inbox_.empty(); }

  /// The next task, which counts as active until `finished`. Requires `can_start`.
  Call take() {
    TROUPE_ASSERT(can_start());
    Call call = std::move(inbox_.front());
    inbox_.pop_front();
    ++active_;
    return call;
  }

  void finished() {
    TROUPE_ASSERT(active_ > 0);
    --active_;
  }

  std::size_t active() const noexcept { return active_; }
  std::size_t waiting() const noexcept { return inbox_.size(); }

private:
  std::size_t concurrency_;
  std::size_t active_ = 0;
  std::deque<Call> inbox_;
};

} // namespace troupe::child
