#pragma once

#include "base/contract.hpp"
#include "policy/lending.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::policy {

/// The tasks that a child has accepted and not yet begun, and how many it may run: at most `concurrency`
/// at a time, in the order of their arrival, those that were submitted by tasks before others, the most
/// deeply nested first. A task that lends its place is not counted meanwhile. Pure.
template <class Call>
class admission {
public:
  using kind = detail::call_kind;

  explicit admission(std::size_t concurrency)
    : concurrency_(concurrency) {}

  void push(Call call, kind call_kind = kind::plain, std::uint32_t nesting = 0) {
    auto place = inbox_.end();
    if (nesting > 0)
      place = std::find_if(front(), inbox_.end(),
        [nesting](const waiting_call& other) { return other.nesting < nesting; });
    inbox_.insert(place, {std::move(call), call_kind, nesting});
  }

  bool can_start() const noexcept { return active_ < concurrency_ && first() < waiting(); }

  /// The next task, which counts as active until `finished`. Requires `can_start`.
  Call take() {
    TROUPE_ASSERT(can_start());
    const auto chosen = front() + static_cast<std::ptrdiff_t>(first());
    Call call = std::move(chosen->call);
    if (chosen == front())
      drop_front();
    else
      inbox_.erase(chosen);
    ++active_;
    return call;
  }

  void finished() {
    TROUPE_ASSERT(active_ > 0);
    --active_;
  }

  // -- lending --------------------------------------------------------------------------------------

  void lend(task_id task, kind call_kind, std::uint32_t nesting, std::uint64_t start) {
    finished();
    lent_.lend(task, call_kind, nesting, start);
  }
  /// Never waits: more than `concurrency` may be active for a while.
  void reclaim(task_id task) {
    const bool was_lent = lent_.reclaim(task);
    TROUPE_ASSERT(was_lent);
    ++active_;
  }
  std::size_t lent() const noexcept { return lent_.count(); }

  std::size_t active() const noexcept { return active_; }
  std::size_t waiting() const noexcept { return inbox_.size() - gone_; }

private:
  struct waiting_call {
    Call call;
    kind call_kind;
    std::uint32_t nesting;
  };

  auto front() noexcept { return inbox_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  // The room of those that are gone is used again when they are half of all: O(1) on the average, without a call for
  // memory, which a std::deque makes every few tasks.
  void drop_front() {
    ++gone_;
    if (2 * gone_ < inbox_.size())
      return;
    inbox_.erase(inbox_.begin(), front());
    gone_ = 0;
  }
  // Where the first task is that may be started; beyond the end if there is none.
  std::size_t first() const noexcept {
    if (lent_.count() == 0)
      return 0;
    const auto plain = lent_.floor(kind::plain);
    const auto concurrent = lent_.floor(kind::coroutine);
    for (std::size_t i = 0; i < waiting(); ++i) {
      const auto& next = inbox_[gone_ + i];
      if (next.nesting >= (next.call_kind == kind::plain ? plain : concurrent))
        return i;
      if (next.nesting < std::min(plain, concurrent))
        break; // those behind it are nested even less
    }
    return waiting();
  }

  std::size_t concurrency_;
  std::size_t active_ = 0;
  std::vector<waiting_call> inbox_; // by nesting, the largest first; behind those that are gone
  std::size_t gone_ = 0;
  lending lent_;
};

} // namespace troupe::policy
