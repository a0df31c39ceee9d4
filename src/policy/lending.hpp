#pragma once

#include "base/limits.hpp"

#include <troupe/detail/call_code.hpp>
#include <troupe/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

namespace troupe::policy {

/// The tasks of one child that wait for tasks which they have submitted to their pool, and have lent their
/// places meanwhile; and which others may be started in these. Parent and child each keep one, so that the
/// parent sends what the child may start.
///
/// A plain function that waits stays on the stack, and what is started meanwhile runs on top of it. Below
/// `limits::lent_functions` of them that may be anything. Above, it must be nested more deeply than the
/// latest of them, so that the stack grows no deeper than that number and the depth of the recursion
/// together. The same rule bounds how many coroutines and blocking functions wait at once.
///
/// That keeps nested tasks free of deadlock: whatever a task waits for, on its child's stack or elsewhere,
/// was started later than itself, so the task that was started last of all can always go on, or is waiting
/// for one that has not been started, and that one is nested more deeply and may start in the same child.
///
/// Pure. O(log tasks that have been lent); `floor` is O(1).
class lending {
public:
  using kind = detail::call_kind;

  /// `start` orders tasks by when they were started. A child may lie about it: that is its own affair.
  void lend(task_id task, kind task_kind, std::uint32_t nesting, std::uint64_t start) {
    auto& starts = lane_of(task_kind);
    const auto added = starts.emplace(start, nesting);
    try {
      places_.emplace(task, place{task_kind, start});
    } catch (...) { // no memory: nothing has changed
      starts.erase(added);
      throw;
    }
  }

  /// False if that task has not been lent.
  bool reclaim(task_id task) noexcept {
    const auto found = places_.find(task);
    if (found == places_.end())
      return false;
    auto& starts = lane_of(found->second.task_kind);
    starts.erase(starts.find(found->second.start));
    places_.erase(found);
    return true;
  }

  std::size_t count() const noexcept { return places_.size(); }

  /// A task of that kind may be started if its nesting is at least this.
  std::uint32_t floor(kind task_kind) const noexcept {
    const bool plain = task_kind == kind::plain;
    const auto& starts = plain ? functions_ : others_;
    const auto free = plain ? limits::lent_functions : limits::lent_concurrent_tasks;
    return starts.size() < free ? 0 : starts.rbegin()->second + 1;
  }

private:
  struct place {
    kind task_kind;
    std::uint64_t start;
  };
  using lane = std::multimap<std::uint64_t, std::uint32_t>; // nesting by start

  lane& lane_of(kind task_kind) noexcept { return task_kind == kind::plain ? functions_ : others_; }

  std::unordered_map<task_id, place> places_;
  lane functions_;
  lane others_;
};

} // namespace troupe::policy
