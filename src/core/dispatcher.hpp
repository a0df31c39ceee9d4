#pragma once

#include "core/task_ledger.hpp"

#include <troupe/detail/callable.hpp>
#include <troupe/scheduler.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace troupe::core {

/// An exponentially weighted moving average of durations. Unknown until the first sample.
class running_average {
public:
  void add(std::chrono::nanoseconds sample) noexcept;
  bool known() const noexcept { return known_; }
  std::chrono::nanoseconds value() const noexcept { return value_; }

private:
  std::chrono::nanoseconds value_{0};
  bool known_ = false;
};

/// Decides which waiting task goes to which child, and when.
///
/// A child that serves the task's queue gets it if it has credit. Credit is by time, not only by count:
/// what a child runs at once (one plain function, or `concurrency` coroutines and blocking functions)
/// and as much beyond that as keeps it busy for `limits::prefetch_time`, at least one task. Of several
/// children with credit, the one that owes least gets the task.
///
/// Within a queue tasks are sent in order. Pure: time comes in, and nothing goes out but decisions.
/// `next_assignment` is O(children of the queue); the rest is O(1) unless noted.
class dispatcher {
public:
  using clock = std::chrono::steady_clock;
  using kind = detail::call_kind;

  struct assignment {
    task_key task;
    kind task_kind;
    std::uint32_t seat;
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
  /// The child gets nothing more and its accounts are dropped.
  void remove_child(std::uint32_t seat);
  /// Tasks that are in the child.
  std::size_t owed_by(std::uint32_t seat) const;
  /// Tasks that the child may still be given.
  std::size_t budget_of(std::uint32_t seat) const;

  // -- tasks ----------------------------------------------------------------------------------------

  void enqueue(task_key task, kind task_kind, queue_id queue);
  /// Puts a task that was in a child before all others.
  void enqueue_front(task_key task, kind task_kind, queue_id queue);
  /// The next task to send, taken from its queue and charged to the child, or nothing while no queue
  /// with tasks has a child with credit. Tasks of which `is_open` says no are dropped.
  template <class IsOpen>
  std::optional<assignment> next_assignment(IsOpen is_open);
  /// A task that was in the child has ended there, after running for `elapsed`.
  void ended(
    std::uint32_t seat, kind task_kind, std::chrono::nanoseconds elapsed, clock::time_point now);
  /// A task has been taken back from the child unstarted.
  void taken_back(std::uint32_t seat, kind task_kind);
  std::size_t depth(queue_id queue) const { return queues_[queue].waiting.size(); }

  // -- take-back ------------------------------------------------------------------------------------

  /// True while a child is idle, its queue is empty, and another child of that queue has tasks that it
  /// cannot have started yet: then `next_take_back` is worth asking again later. O(children).
  bool unbalanced() const;
  /// A child which has finished nothing for `limits::take_back_after` while another is idle, and how
  /// many unstarted tasks to take from it. Gets nothing more until it has finished something. O(children).
  std::optional<take_back> next_take_back(clock::time_point now);

private:
  struct waiting_task {
    task_key task;
    kind task_kind;
  };
  struct queue_state {
    std::deque<waiting_task> waiting;
    std::vector<std::uint32_t> seats;
  };
  struct child_state {
    bool present = false;
    queue_id queue = 0;
    std::size_t plain = 0; // owed, by kind
    std::size_t concurrent = 0;
    std::size_t budget = 0;
    clock::time_point last_progress{};
    bool stuck = false; // tasks have been taken back, and it has finished nothing since

    std::size_t owed() const noexcept { return plain + concurrent; }
  };

  bool has_credit(const child_state& child, kind task_kind) const noexcept;
  std::optional<std::uint32_t> best_child(const queue_state& queue, kind task_kind) const noexcept;
  void charge(child_state& child, kind task_kind) noexcept;
  // Tasks in the child that cannot have been started yet and have not been asked back.
  std::size_t surplus(const child_state& child) const noexcept;
  bool has_idle_child(const queue_state& queue) const noexcept;
  void update_windows() noexcept;

  std::size_t concurrency_;
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
std::optional<dispatcher::assignment> dispatcher::next_assignment(IsOpen is_open) {
  for (std::size_t tried = 0; waiting_ > 0 && tried < queues_.size(); ++tried) {
    auto& queue = queues_[next_queue_];
    while (!queue.waiting.empty() && !is_open(queue.waiting.front().task)) {
      queue.waiting.pop_front();
      --waiting_;
    }
    if (!queue.waiting.empty()) {
      const auto next = queue.waiting.front();
      if (const auto seat = best_child(queue, next.task_kind)) {
        queue.waiting.pop_front();
        --waiting_;
        charge(children_[*seat], next.task_kind);
        next_queue_ = (next_queue_ + 1) % queues_.size();
        return assignment{next.task, next.task_kind, *seat};
      }
    }
    next_queue_ = (next_queue_ + 1) % queues_.size();
  }
  return std::nullopt;
}

} // namespace troupe::core
