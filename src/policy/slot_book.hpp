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
  }

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(tasks_.size()); }
  std::size_t used() const noexcept { return tasks_.size() - free_.size(); }

private:
  std::vector<task_key> tasks_; // id 0: free
  std::vector<detail::call_kind> kinds_;
  std::vector<std::uint32_t> free_; // a stack
};

} // namespace troupe::policy
