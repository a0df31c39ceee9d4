#pragma once

#include "policy/lending.hpp"
#include "policy/nested_tasks.hpp"
#include "policy/task_ledger.hpp"

#include <troupe/detail/call_code.hpp>
#include <troupe/detail/running_average.hpp>
#include <troupe/scheduler.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace troupe::policy {

using detail::running_average;

/// Decides which waiting task goes to which child, and when.
///
/// A child that serves the task's queue gets it if it has credit. Credit is by time, not only by count:
/// what a child runs at once (one plain function, or `concurrency` coroutines and blocking functions)
/// and as much beyond that as keeps it busy for `limits::prefetch_time`, at least one task. Of several
/// children with credit, the one that owes least gets the task.
///
/// Within a queue tasks are sent in the order of their submission, moved ahead by their priority. A child
/// that is idle also gets tasks of other queues, those that may move. Tasks that were submitted
/// by tasks go before all others. A task that waits for such a one has lent its place: it is not charged to
/// its child meanwhile.
///
/// Pure: time comes in, and nothing goes out but decisions. `next_assignment` is O(children of the queue),
/// of all queues where a task that may move finds no room in its own, and O(log tasks) for tasks with a
/// priority; the rest is O(1) unless noted.
class dispatcher {
public:
  using clock = std::chrono::steady_clock;
  using kind = detail::call_kind;

  struct assignment {
    task_key task;
    kind task_kind;
    std::uint32_t seat;
  };

  /// A task that waits to be sent.
  struct waiting_task {
    task_key task;
    kind task_kind = kind::plain;
    /// Less is earlier: see `policy/task_order.hpp`.
    std::int64_t order = 0;
    /// It may also be given to an idle child of another queue.
    bool may_move = false;
  };

  struct take_back {
    std::uint32_t from;
    std::size_t at_most;
  };

  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  dispatcher(std::size_t queues, std::size_t concurrency);

  // -- children -------------------------------------------------------------------------------------

  /// The child at `seat` is ready. It may be given `budget` tasks in its life.
  void add_child(std::uint32_t seat, queue_id queue, std::size_t budget, clock::time_point now);
  /// The child gets nothing more.
  void stop_child(std::uint32_t seat);
  /// The child is gone: it gets nothing more and its accounts are dropped.
  void remove_child(std::uint32_t seat);
  /// Tasks that are in the child, those that have lent their places included.
  std::size_t owed_by(std::uint32_t seat) const;
  /// Tasks that the child may still be given.
  std::size_t budget_of(std::uint32_t seat) const;

  /// So many actors live in the child: of children that owe the same, the one with the fewest gets a task.
  void set_hosted(std::uint32_t seat, std::size_t actors);

  // -- tasks ----------------------------------------------------------------------------------------

  void enqueue(const waiting_task& task, queue_id queue);
  void enqueue(task_key task, kind task_kind, queue_id queue) {
    enqueue({task, task_kind, 0}, queue);
  }
  /// Puts a task that was in a child before all others.
  void enqueue_front(task_key task, kind task_kind, queue_id queue, bool may_move = false);
  /// As `enqueue_front`, for a task that may have brought down a child: it runs in a child that has
  /// nothing else to do, and gets nothing else meanwhile.
  void enqueue_alone(task_key task, kind task_kind, queue_id queue);
  /// As `enqueue`, for a task that was submitted by a task. `nesting` is above 0. Since others wait for it,
  /// it is also given to a child that is kept free.
  void enqueue_nested(task_key task, kind task_kind, std::uint32_t nesting, queue_id queue);
  /// The next task to send, taken from its queue and charged to the child, or nothing while no queue
  /// with tasks has a child with credit. Tasks of which `is_open` says no are dropped.
  template <class IsOpen>
  std::optional<assignment> next_assignment(IsOpen is_open);
  /// A task that was in the child has ended there, after running for `elapsed`.
  void ended(
    std::uint32_t seat, kind task_kind, std::chrono::nanoseconds elapsed, clock::time_point now);
  /// A task has been taken back from the child unstarted.
  void taken_back(std::uint32_t seat, kind task_kind);
  std::size_t depth(queue_id queue) const { return queues_[queue].depth(); }
  /// The running average of the times of all tasks; 0 as long as it is unknown.
  std::chrono::nanoseconds average_time() const noexcept;

  // -- lending --------------------------------------------------------------------------------------

  /// A task that was started in the child waits for its pool. `start` as in `lending`.
  void lend(std::uint32_t seat, task_id task, kind task_kind, std::uint32_t nesting,
    std::uint64_t start, clock::time_point now);
  /// It goes on.
  void reclaim(std::uint32_t seat, task_id task, kind task_kind, clock::time_point now);
  /// Tasks of that kind that are nested less deeply are not started by the child at present.
  std::uint32_t nesting_floor(std::uint32_t seat, kind task_kind) const {
    return children_[seat].lent.floor(task_kind);
  }

  // -- take-back ------------------------------------------------------------------------------------

  /// True while a child could start something at once, nothing waits, and another child of its queue has
  /// tasks that it cannot have started yet: then `next_take_back` is worth asking again later. O(children).
  bool unbalanced() const;
  /// A child which has finished nothing for `limits::take_back_after` while another has free places, and
  /// how many unstarted tasks to take from it. Gets nothing more until it has finished something. O(children).
  std::optional<take_back> next_take_back(clock::time_point now);

private:
  struct queue_state {
    nested_tasks<waiting_task> nested;  // before all others
    std::deque<waiting_task> alone;     // for children that have nothing else
    std::deque<waiting_task> returned;  // were in a child before
    std::deque<waiting_task> in_order;  // of no particular priority
    std::vector<waiting_task> by_order; // of some priority; a heap
    std::vector<std::uint32_t> seats;

    bool empty() const noexcept { return depth() == 0; }
    std::size_t depth() const noexcept {
      return nested.size() + alone.size() + returned.size() + in_order.size() + by_order.size();
    }
  };
  struct child_state {
    bool present = false;
    queue_id queue = 0;
    std::size_t plain = 0; // owed, by kind
    std::size_t concurrent = 0;
    std::size_t budget = 0;
    clock::time_point last_progress{};
    std::size_t hosted = 0; // actors
    bool stuck = false;     // tasks have been taken back, and it has finished nothing since
    bool reserved = false;  // for a task that runs alone, waiting or running
    lending lent;

    std::size_t owed() const noexcept { return plain + concurrent; }
  };

  // The next task of a queue that shares its child; null if there is none.
  const waiting_task* head(const queue_state& queue) const noexcept;
  void pop_head(queue_state& queue);
  template <class IsOpen>
  void drop_closed(queue_state& queue, IsOpen is_open);
  template <class IsOpen>
  std::optional<assignment> assign_nested(queue_state& queue, IsOpen is_open);
  std::optional<assignment> assign_alone(queue_state& queue);
  std::optional<assignment> assign_next(queue_state& queue);

  bool has_credit(const child_state& child, kind task_kind, std::uint32_t nesting) const noexcept;
  std::optional<std::uint32_t> best_child(
    const queue_state& queue, kind task_kind, std::uint32_t nesting = 0) const noexcept;
  bool is_idle(const child_state& child) const noexcept;
  std::optional<std::uint32_t> idle_child(const queue_state& queue) const noexcept;
  void charge(child_state& child, kind task_kind) noexcept;
  // Tasks in the child that cannot have been started yet and have not been asked back.
  std::size_t surplus(const child_state& child) const noexcept;
  // Whether an idle child has nothing to do in its own queue, and there may be tasks that can move to it.
  bool idle_for_others() const noexcept;
  // Tasks that children with free places could start at once if they were given tasks of this queue, in
  // which nothing waits; any number if one of them is idle.
  std::size_t free_places(const queue_state& queue, bool idle_elsewhere) const noexcept;
  void update_windows() noexcept;

  std::size_t concurrency_;
  bool some_may_move_ = false; // tasks have been enqueued that may
  std::vector<queue_state> queues_;
  std::vector<child_state> children_; // by seat
  std::size_t waiting_ = 0;
  std::size_t next_queue_ = 0; // queues take turns
  running_average plain_time_;
  running_average concurrent_time_;
  std::size_t plain_window_ = 2;
  std::size_t concurrent_window_;
};

template <class IsOpen>
void dispatcher::drop_closed(queue_state& queue, IsOpen is_open) {
  while (!queue.alone.empty() && !is_open(queue.alone.front().task)) {
    queue.alone.pop_front();
    --waiting_;
  }
  for (auto* first = head(queue); first != nullptr && !is_open(first->task); first = head(queue)) {
    pop_head(queue);
    --waiting_;
  }
}

template <class IsOpen>
std::optional<dispatcher::assignment> dispatcher::assign_nested(
  queue_state& queue, IsOpen is_open) {
  std::optional<assignment> result;
  std::size_t dropped = 0;
  const auto assign = [&](const waiting_task& next, std::uint32_t nesting) {
    if (const auto seat = best_child(queue, next.task_kind, nesting))
      result = assignment{next.task, next.task_kind, *seat};
    return result.has_value();
  };
  queue.nested.take_first(
    [&](const waiting_task& next) { return is_open(next.task); }, assign, dropped);
  waiting_ -= dropped;
  if (result)
    charge(children_[result->seat], result->task_kind);
  return result;
}

template <class IsOpen>
std::optional<dispatcher::assignment> dispatcher::next_assignment(IsOpen is_open) {
  for (std::size_t tried = 0; waiting_ > 0 && tried < queues_.size(); ++tried) {
    auto& queue = queues_[next_queue_];
    next_queue_ = (next_queue_ + 1) % queues_.size();
    drop_closed(queue, is_open);
    auto next = assign_nested(queue, is_open);
    if (!next)
      next = assign_alone(queue);
    if (!next)
      next = assign_next(queue);
    if (next) {
      --waiting_;
      return next;
    }
  }
  return std::nullopt;
}

} // namespace troupe::policy
