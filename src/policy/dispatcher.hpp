#pragma once

#include "policy/index_set.hpp"
#include "policy/lending.hpp"
#include "policy/load_heap.hpp"
#include "policy/long_average.hpp"
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
/// children with credit, the one that owes least gets the task. But where plain functions end sooner than a sleeping
/// child wakes up, as many children as there are CPUs, the crew, get all of them, and the others sleep: many children
/// are then nearly as fast as few. A member that finishes nothing for `limits::crowded_take_back_after` is replaced.
///
/// Within a queue tasks are sent in the order of their submission, moved ahead by their priority. A child
/// that is idle also gets tasks of other queues, those that may move. Tasks that were submitted
/// by tasks go before all others. A task that waits for such a one has lent its place: it is not charged to
/// its child meanwhile.
///
/// Pure: time comes in, and nothing goes out but decisions. What concerns one task is O(log children), and
/// O(log tasks) for tasks with a priority: queues that can get nothing sleep until one of their children
/// has changed, and children stand in heaps. The rest is O(1) unless noted.
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

  /// `cpus`: as many children can run at the same moment.
  dispatcher(std::size_t queues, std::size_t concurrency, std::size_t cpus = unlimited);

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
  /// Charges a task to the child that it is meant for, which may be given it beside all that wait in queues; false
  /// if the child has no credit.
  bool give(std::uint32_t seat, kind task_kind);
  /// A task that was in the child has ended there, after running for `elapsed`. A batch has run so many items in that
  /// time.
  void ended(std::uint32_t seat, kind task_kind, std::chrono::nanoseconds elapsed,
    clock::time_point now, std::size_t items = 1);
  /// A task has been taken back from the child unstarted.
  void taken_back(std::uint32_t seat, kind task_kind);
  /// An assignment could not be carried out.
  void not_sent(std::uint32_t seat, kind task_kind);
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

  /// Whether tasks in the child have lent their places.
  bool has_lent(std::uint32_t seat) const noexcept { return children_[seat].lent.count() > 0; }

  /// Whether a child has nothing to do, of that queue or, for tasks that may move, of any.
  bool has_idle(queue_id queue, bool may_move) {
    count_again();
    return queues_[queue].idle > 0 || (may_move && !idle_queues_.empty());
  }

  /// Whether as many children as there are CPUs have plain functions, and these, or their items, are so short that
  /// another child could not help them.
  bool is_crowded() {
    place_again();
    return crew_gets_all();
  }

  // -- take-back ------------------------------------------------------------------------------------

  /// True while a child could start something at once, nothing waits but for the crew, and another child of its queue
  /// has tasks that it cannot have started yet: then `next_take_back` is worth asking again later.
  bool unbalanced() {
    count_again();
    return !unbalanced_.empty() || (idle_for_others() && !unbalanced_if_idle_.empty());
  }
  /// For how long a child may finish nothing before its tasks are taken back.
  std::chrono::microseconds patience() const noexcept;
  /// A child which has finished nothing for `patience` while another has free places, and how many unstarted tasks to
  /// take from it. Gets nothing more until it has finished something, or has rested. O(children of the queues that are
  /// unbalanced).
  std::optional<take_back> next_take_back(clock::time_point now);

  /// When the next child has rested from which tasks were taken back, and which, as far as can be seen, could start
  /// others: it only runs coroutines or blocking functions, and these may take any time. O(such children), as is
  /// `end_rests`.
  std::optional<clock::time_point> next_end_of_rest() const noexcept;
  /// Those that have rested by now get tasks again.
  void end_rests(clock::time_point now);

private:
  struct queue_state {
    nested_tasks<waiting_task> nested;  // before all others
    std::deque<waiting_task> alone;     // for children that have nothing else
    std::deque<waiting_task> returned;  // were in a child before
    std::deque<waiting_task> in_order;  // of no particular priority
    std::vector<waiting_task> by_order; // of some priority; a heap
    std::vector<std::uint32_t> seats;
    load_heap by_owed;          // the children that take tasks, by what they owe,
    load_heap by_plain;         // and by the plain functions among that
    load_heap crew;             // those of the crew, by what they owe
    std::size_t idle = 0;       // the number of children that are idle,
    std::size_t open = 0;       // that could start a coroutine at once,
    std::size_t surplus = 0;    // that have tasks which they cannot have started yet,
    std::size_t reserved = 0;   // that are kept free,
    std::size_t with_floor = 0; // and of those in which tasks have lent their places
    bool counted = true;        // its depth and these numbers are in the sets of queues

    bool empty() const noexcept { return depth() == 0; }
    std::size_t depth() const noexcept {
      return nested.size() + alone.size() + returned.size() + in_order.size() + by_order.size();
    }
  };
  // What a child counts as in its queue.
  struct child_marks {
    bool idle = false;
    bool open = false;
    bool surplus = false;
    bool reserved = false;
    bool with_floor = false;
  };
  struct child_state {
    bool present = false;
    queue_id queue = 0;
    std::size_t plain = 0; // owed, by kind
    std::size_t concurrent = 0;
    std::size_t budget = 0;
    clock::time_point last_progress{};
    std::size_t hosted = 0; // actors
    bool stuck =
      false; // tasks have been taken back, and it has neither finished anything since nor rested
    clock::time_point rests_until{};   // while stuck
    std::chrono::microseconds rest{0}; // the last one, since it has finished something
    std::size_t expected =
      0;                   // while stuck: what it owes if all that were asked for were taken back
    bool reserved = false; // for a task that runs alone, waiting or running
    lending lent{};
    child_marks marks{};
    bool counted = true;  // its queue counts these marks, and they are true
    bool placed = true;   // it stands in the heaps where it belongs
    bool in_crew = false; // when it was placed

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
  // Gives the next task to an idle child of another queue, if it may move.
  std::optional<assignment> assign_elsewhere(queue_state& queue);
  assignment give_next(queue_state& queue, std::uint32_t seat);
  template <class IsOpen>
  std::optional<assignment> try_queue(queue_id queue, IsOpen is_open);

  // -- what must be told of each change, so that nothing is searched for ------------------------------

  // Something of a child has changed that decides what it gets. What follows from it is done before it is
  // looked at, since many tasks come and go in between: both are O(children and queues that have changed).
  void changed(std::uint32_t seat);
  // The heaps are in order after this.
  void place_again();
  // The marks of children and the sets of queues are true after this.
  void count_again();
  child_marks marks_of(const child_state& child) const noexcept;
  void count(queue_state& queue, const child_marks& marks, std::size_t by) noexcept;
  // Tasks have come to a queue, or left it.
  void depth_changed(queue_id queue);
  // The queue may have an assignment.
  void wake(queue_id queue);
  // Those that waited for the crew may, once it has no member among their children, or does not get all. O(the crew).
  void release_held();

  bool has_credit(const child_state& child, kind task_kind, std::uint32_t nesting) const noexcept;
  // Whether the crew gets all plain functions: they end sooner than a sleeping child wakes up, and it keeps all CPUs busy.
  bool crew_gets_all() const noexcept;
  // Whether plain functions of the queue wait for members of the crew, though others may be idle.
  bool waits_for_crew(const queue_state& queue) const noexcept {
    return crew_gets_all() && queue.crew.top().has_value();
  }
  // The same, and notes it.
  bool is_held(const queue_state& queue);
  std::optional<std::uint32_t> best_child(
    const queue_state& queue, kind task_kind, std::uint32_t nesting = 0);
  std::optional<std::uint32_t> search(
    const queue_state& queue, kind task_kind, std::uint32_t nesting) const noexcept;
  bool is_idle(const child_state& child) const noexcept;
  std::optional<std::uint32_t> idle_child(const queue_state& queue);
  // The child has finished something, or will do so.
  void note_progress(std::uint32_t seat, clock::time_point now);
  void set_stuck(std::uint32_t seat, bool stuck);
  // Whether what a stuck child was given before need not keep it from starting more.
  bool may_end_rest(const child_state& child) const noexcept;
  void charge(std::uint32_t seat, kind task_kind);
  void uncharge(std::uint32_t seat, kind task_kind);
  // Tasks in the child that cannot have been started yet and have not been asked back.
  std::size_t surplus(const child_state& child) const noexcept;
  // Whether an idle child has nothing to do in its own queue, and there may be tasks that can move to it.
  bool idle_for_others() const noexcept { return some_may_move_ && !idle_queues_.empty(); }
  // Tasks that children with free places could start at once if they were given tasks of this queue, in
  // which nothing waits; any number if one of them is idle.
  std::size_t free_places(const queue_state& queue, bool idle_elsewhere) const noexcept;
  std::optional<take_back> take_back_in(
    const queue_state& queue, bool idle_elsewhere, clock::time_point now);
  void update_windows() noexcept;

  std::size_t concurrency_;
  std::size_t cpus_;
  std::size_t present_ = 0;    // children
  std::size_t crew_ = 0;       // the number of children in it
  bool some_may_move_ = false; // tasks have been enqueued that may
  std::vector<queue_state> queues_;
  std::vector<child_state> children_; // by seat
  clock::time_point seen_{};          // the last time that was told
  std::deque<queue_id> awake_;        // queues that may have an assignment; they take turns
  std::vector<bool> is_awake_;
  std::deque<queue_id>
    movers_; // queues without credit whose next task may move; some have changed since
  std::vector<bool> is_mover_;
  index_set stuck_children_;
  std::vector<std::uint32_t> unplaced_children_;
  std::vector<std::uint32_t> uncounted_children_;
  std::vector<queue_id> uncounted_queues_;
  index_set idle_queues_; // nothing waits there, and a child is idle
  index_set unbalanced_;  // ... a child has free places, and another has tasks that it cannot start
  index_set unbalanced_if_idle_; // ... the same if there is an idle child in another queue
  long_average short_time_;      // of plain functions, and of the items of batches
  index_set held_queues_;        // their tasks wait for the crew
  running_average plain_time_;
  running_average concurrent_time_;
  std::size_t plain_window_ = 2;
  std::size_t concurrent_window_;
};

template <class IsOpen>
void dispatcher::drop_closed(queue_state& queue, IsOpen is_open) {
  while (!queue.alone.empty() && !is_open(queue.alone.front().task))
    queue.alone.pop_front();
  for (auto* first = head(queue); first != nullptr && !is_open(first->task); first = head(queue))
    pop_head(queue);
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
  if (result)
    charge(result->seat, result->task_kind);
  return result;
}

template <class IsOpen>
std::optional<dispatcher::assignment> dispatcher::try_queue(queue_id id, IsOpen is_open) {
  auto& queue = queues_[id];
  drop_closed(queue, is_open);
  auto next = queue.nested.empty() ? std::nullopt : assign_nested(queue, is_open);
  if (!next)
    next = assign_alone(queue);
  if (!next)
    next = assign_next(queue);
  depth_changed(id);
  return next;
}

template <class IsOpen>
std::optional<dispatcher::assignment> dispatcher::next_assignment(IsOpen is_open) {
  release_held();
  while (!awake_.empty()) {
    const auto id = awake_.front();
    if (const auto next = try_queue(id, is_open)) {
      if (awake_.size() > 1) {
        awake_.pop_front();
        awake_.push_back(id);
      }
      return next;
    }
    awake_.pop_front();
    is_awake_[id] = false;
    // It sleeps until a child of its own has changed, or one of another is idle.
    if (const auto* waits = head(queues_[id]);
        waits != nullptr && waits->may_move && !is_mover_[id]) {
      is_mover_[id] = true;
      movers_.push_back(id);
    }
  }
  while (!movers_.empty()) {
    count_again();
    if (idle_queues_.empty())
      break;
    const auto id = movers_.front();
    drop_closed(queues_[id], is_open);
    const auto next = assign_elsewhere(queues_[id]);
    depth_changed(id);
    movers_.pop_front();
    is_mover_[id] = false;
    if (next) {
      if (head(queues_[id]) != nullptr) {
        is_mover_[id] = true;
        movers_.push_back(id);
      }
      return next;
    }
  }
  return std::nullopt;
}

} // namespace troupe::policy
