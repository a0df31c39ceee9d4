#pragma once

#include "policy/index_set.hpp"
#include "policy/task_ledger.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::policy {

/// Tasks that wait for the child of one slot and no other (`pool::broadcast`), in the order of their
/// submission. Each operation is O(1).
class tasks_by_slot {
public:
  void add(std::size_t slot, task_key task) { make(slot).push_back(task); }
  /// Before the others: it was in a child already.
  void add_front(std::size_t slot, task_key task) { make(slot).push_front(task); }

  /// The slots for which tasks wait, in any order.
  const std::vector<std::size_t>& slots() const noexcept { return waiting_.members(); }
  bool waits_for(std::size_t slot) const noexcept { return waiting_.contains(slot); }
  /// The next one; some wait for the slot.
  task_key first(std::size_t slot) const { return tasks_[slot].front(); }
  void drop_first(std::size_t slot) {
    tasks_[slot].pop_front();
    waiting_.put(slot, !tasks_[slot].empty());
  }
  /// All that wait for the slot, which then has none.
  std::deque<task_key> take(std::size_t slot) {
    if (slot >= tasks_.size())
      return {};
    waiting_.put(slot, false);
    return std::exchange(tasks_[slot], {});
  }

private:
  std::deque<task_key>& make(std::size_t slot) {
    if (slot >= tasks_.size()) {
      waiting_.grow(slot + 1);
      tasks_.resize(slot + 1);
    }
    waiting_.put(slot, true);
    return tasks_[slot];
  }

  std::vector<std::deque<task_key>> tasks_; // by slot
  index_set waiting_;                       // slots with tasks
};

} // namespace troupe::policy
