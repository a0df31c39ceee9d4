#pragma once

#include "base/contract.hpp"
#include "base/untouched_array.hpp"
#include "policy/task_ledger.hpp"

#include <cstdint>
#include <vector>

namespace troupe::policy {

/// The parent's own account of one child's cell table: which task is in which cell. The cell that was
/// released last is taken first, so that as few as possible are in use, whose memory is in the cache, and most are never
/// touched. (What is left of a cell's former task does no harm: its id is another.)
class cell_book {
public:
  explicit cell_book(std::uint32_t cells)
    : tasks_(cells)
    , kinds_(cells)
    , links_(cells) {
    released_.reserve(cells); // so that `release` cannot fail
  }

  std::uint32_t take(task_key task, detail::call_kind kind = detail::call_kind::plain) {
    TROUPE_ASSERT(used() < size());
    const auto cell = next_cell();
    tasks_[cell] = task;
    kinds_[cell] = kind;
    links_[cell] = {last_, none};
    (last_ == none ? first_ : links_[last_].next) = cell;
    last_ = cell;
    return cell;
  }

  /// The task in a cell, or nothing (id 0) if there is none or no such cell.
  task_key at(std::uint32_t cell) const noexcept {
    return cell < tasks_.size() ? tasks_[cell] : task_key{};
  }

  /// What kind of task is, or was last, in a cell that exists.
  detail::call_kind kind_at(std::uint32_t cell) const noexcept { return kinds_[cell]; }

  void release(std::uint32_t cell) {
    TROUPE_ASSERT(at(cell).id != 0);
    tasks_[cell] = {};
    released_.push_back(cell);
    const auto [before, after] = links_[cell];
    (before == none ? first_ : links_[before].next) = after;
    (after == none ? last_ : links_[after].previous) = before;
  }

  /// Calls `visit(cell)` for each cell that is in use, in the order in which they were taken. O(used).
  template <class Visitor>
  void for_each_used(Visitor visit) const {
    for (auto cell = first_; cell != none; cell = links_[cell].next)
      visit(cell);
  }

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(tasks_.size()); }
  std::size_t used() const noexcept { return ever_used_ - released_.size(); }

private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct neighbours {
    std::uint32_t previous = none;
    std::uint32_t next = none;
  };

  std::uint32_t next_cell() {
    if (released_.empty())
      return ever_used_++;
    const auto cell = released_.back();
    released_.pop_back();
    return cell;
  }

  base::untouched_array<task_key> tasks_; // id 0: free
  base::untouched_array<detail::call_kind> kinds_;
  base::untouched_array<neighbours> links_; // of those in use, in the order of their taking
  std::vector<std::uint32_t> released_;     // a stack of those that are free again
  std::uint32_t ever_used_ = 0;             // the others, from this one on, have not been used yet
  std::uint32_t first_ = none;
  std::uint32_t last_ = none;
};

} // namespace troupe::policy
