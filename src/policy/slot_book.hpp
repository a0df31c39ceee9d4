#pragma once

#include "base/contract.hpp"
#include "policy/task_ledger.hpp"

#include <cstdint>
#include <vector>

namespace troupe::policy {

/// The parent's own account of one child's slot table: which task is in which slot. The slot that was
/// released last is taken first, so that as few as possible are in use, whose memory is in the cache. (What
/// is left of a slot's former task does no harm: its id is another.)
class slot_book {
public:
  explicit slot_book(std::uint32_t slots)
    : tasks_(slots)
    , kinds_(slots)
    , links_(slots)
    , free_(slots) {
    for (std::uint32_t i = 0; i < slots; ++i)
      free_[i] = slots - 1 - i;
  }

  std::uint32_t take(task_key task, detail::call_kind kind = detail::call_kind::plain) {
    TROUPE_ASSERT(!free_.empty());
    const auto slot = free_.back();
    free_.pop_back();
    tasks_[slot] = task;
    kinds_[slot] = kind;
    links_[slot] = {last_, none};
    (last_ == none ? first_ : links_[last_].next) = slot;
    last_ = slot;
    return slot;
  }

  /// The task in a slot, or nothing (id 0) if there is none or no such slot.
  task_key at(std::uint32_t slot) const noexcept {
    return slot < tasks_.size() ? tasks_[slot] : task_key{};
  }

  /// What kind of task is, or was last, in a slot that exists.
  detail::call_kind kind_at(std::uint32_t slot) const noexcept { return kinds_[slot]; }

  void release(std::uint32_t slot) {
    TROUPE_ASSERT(at(slot).id != 0);
    tasks_[slot] = {};
    free_.push_back(slot);
    const auto [before, after] = links_[slot];
    (before == none ? first_ : links_[before].next) = after;
    (after == none ? last_ : links_[after].previous) = before;
  }

  /// Calls `visit(slot)` for each slot that is in use, in the order in which they were taken. O(used).
  template <class Visitor>
  void for_each_used(Visitor visit) const {
    for (auto slot = first_; slot != none; slot = links_[slot].next)
      visit(slot);
  }

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(tasks_.size()); }
  std::size_t used() const noexcept { return tasks_.size() - free_.size(); }

private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct neighbours {
    std::uint32_t previous = none;
    std::uint32_t next = none;
  };

  std::vector<task_key> tasks_; // id 0: free
  std::vector<detail::call_kind> kinds_;
  std::vector<neighbours> links_;   // of those in use, in the order of their taking
  std::vector<std::uint32_t> free_; // a stack
  std::uint32_t first_ = none;
  std::uint32_t last_ = none;
};

} // namespace troupe::policy
