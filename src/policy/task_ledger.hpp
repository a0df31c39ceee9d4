#pragma once

#include <troupe/detail/task_state.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::policy {

/// Names a task of a ledger. The index is reused after the task is closed, the id never.
struct task_key {
  std::uint32_t index = 0;
  task_id id = 0;

  friend bool operator==(const task_key&, const task_key&) = default;
};

/// Who owes what: every task of a pool from its opening to its closing, which happens exactly once.
/// Each operation is O(1). A value without synchronisation: one owner, one thread.
class task_ledger {
public:
  enum class place : std::uint8_t { closed, queued, in_child };
  static constexpr std::uint32_t no_cell = static_cast<std::uint32_t>(-1);

  struct entry {
    detail::task_ptr task;
    task_id id = 0;
    place where = place::closed;
    std::uint32_t seat = 0; // while in_child: which child,
    std::uint32_t cell =
      0; // and which cell of its task table; `no_cell`: it has just been taken back
    std::uint32_t attempt = 0;
    std::uint32_t first = 0;        // of a batch: the number of its items that are over,
    std::uint32_t first_failed = 0; // and of these, those that have thrown
    std::uint32_t tally = 0;        // where it counts among the names of tasks
    queue_id queue = 0;
    std::chrono::nanoseconds since{0}; // when it was submitted: its rank in the queue
    bool has_queue = false;            // that one, of which it counts as a task
    bool scheduled = false;            // the scheduler has chosen it, and is told of the end
    bool was_sent = false;             // it has been in a child
    bool may_move = false;             // to children of other queues
    bool stopping = false; // this attempt has run into its timeout, and another one will follow
    std::uint32_t slow_attempt = 0;      // the latest of which it has been told that it is slow,
    task_id slow_item = 0;               // and the item
    std::uint32_t failed_deliveries = 0; // the number of children that died while taking it in
    std::chrono::steady_clock::time_point sent{}; // the latest time
    std::chrono::steady_clock::time_point
      began{}; // where somebody watches runs: the one that has just ended

    /// As its child knows it: of a batch, that of the item which runs.
    task_id item_id() const noexcept { return id + first; }
  };

  /// Takes a task in; it is queued. Ids count from 1; each item of a batch has one, the first one that of the batch.
  task_key open(const detail::task_ptr& task);
  /// `part` takes the place of a batch of which it is the last part so far: what is before it is over.
  void replace(task_key key, const detail::task_ptr& part);
  /// The batch has been divided, and has so many items less.
  void shrink(task_key key, std::size_t items);

  /// The entry of a task that is not closed, or null.
  entry* find(task_key key) noexcept;
  const entry* find(task_key key) const noexcept;

  /// queued → in_child. Counts an attempt.
  void assign(task_key key, std::uint32_t seat, std::uint32_t cell);

  /// in_child → queued. The attempt counts no more if the task was not `started`.
  void put_back(task_key key, bool started);

  /// Gives the task away, to be resolved by the caller; null if it is closed already.
  detail::task_ptr close(task_key key);

  // The numbers of tasks, the items of a batch counted as such.

  std::size_t open_count() const noexcept { return queued_ + in_children_; }
  std::size_t queued_count() const noexcept { return queued_; }
  std::size_t in_child_count() const noexcept { return in_children_; }
  /// The number of tasks ever opened, each item of a batch counted, and counted again where it came back.
  std::uint64_t opened() const noexcept { return next_id_ - 1; }

  /// Calls `visit(task_key)` for each open task. It may close that task.
  template <class Visitor>
  void for_each_open(Visitor visit) {
    for (std::uint32_t index = 0; index < entries_.size(); ++index)
      if (entries_[index].where != place::closed)
        visit(task_key{index, entries_[index].id});
  }

private:
  std::vector<entry> entries_;
  std::vector<std::uint32_t> free_;
  task_id next_id_ = 1;
  std::size_t queued_ = 0;
  std::size_t in_children_ = 0;
};

} // namespace troupe::policy
