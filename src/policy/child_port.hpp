#pragma once

#include "policy/child_table.hpp"
#include "policy/task_ledger.hpp"

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/call_code.hpp>
#include <troupe/errors.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

// What the machine of a pool says to the world, and what it is told. In the parent a process and its link
// stand behind these interfaces, in the simulation a model of them.
namespace troupe::policy {

/// A task's outcome as a child reports it. `payload` may lie in memory that the child can write: it is
/// copied before it is looked at, or decoded, which reads each byte once.
struct child_outcome {
  /// The payload, as its own bytes. Once.
  detail::bytes take_payload() const {
    if (owner != nullptr)
      return std::move(*owner);
    detail::bytes copy;
    copy.assign(payload);
    return copy;
  }

  task_key task;
  detail::call_kind kind{};
  bool threw = false;
  std::span<const std::byte> payload;
  std::chrono::nanoseconds elapsed{0};
  std::uint32_t items = 0;  ///< of a batch: that have ended, with records in `payload`
  std::uint32_t failed = 0; ///< ... of which have thrown
  std::uint32_t ran = 1;    ///< with those of the batch that have been told before
  /// Has `payload`, to be taken from it if this is not null: then it need not be copied.
  detail::bytes* owner = nullptr;
  /// When it was begun, as the child says; the epoch if that is not known.
  std::chrono::steady_clock::time_point began{};
  /// As `task_state::lingers`.
  bool lingers = false;
};

/// How far a batch has come in a child.
struct batch_progress {
  std::uint32_t finished = 0; ///< items with records in `results`
  std::uint32_t claimed = 0;  ///< those that are finished included
  std::uint32_t failed = 0;   ///< those of `finished` that have thrown
  detail::bytes results;
};

/// A task that lends its place, or goes on.
struct lent_place {
  task_key task;
  detail::call_kind kind = detail::call_kind::plain;
  std::uint32_t nesting = 0;
  std::uint64_t start = 0; ///< rises with each task that the child starts, as it says
};

/// The tasks that are in a child, by what is known of them. Each list is in the order of sending.
struct tasks_in_child {
  std::vector<task_key> unstarted;
  std::vector<task_key> started;
  std::optional<task_key> culprit;     ///< the one of `started` that was on the CPU at the death
  std::optional<task_key> in_transfer; ///< the one of `unstarted` that the child was taking in
  bool blameless = false;              ///< it is known that no task caused the death
};

/// What a look at a child that has tasks, and reports nothing, shows.
struct child_pulse {
  bool may_progress = true; ///< it runs, waits for a CPU, or is being debugged
  bool stopped = false;     ///< by a signal
  bool on_cpu = false;      ///< its loop executes a task
  /// What its loop's thread has used so far; 0: that is not known, or a debugger holds it.
  std::chrono::nanoseconds cpu{0};
};

/// The tasks of one child. What it calls back happens between the calls, but for `read`.
class child_port {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Sends a task; the cell of the task table that it has in the child. If it throws, nothing was sent.
  virtual std::uint32_t send(
    task_key task, const detail::task_ptr& what, std::uint32_t attempt) = 0;
  /// Takes a task back if it has not been started; false if it has.
  virtual bool take_back(std::uint32_t cell) = 0;
  /// Lets the child begin no more items of the batch in a cell, and tells what has become of them. The task in the
  /// cell is that of the items which are claimed and not finished from then on.
  virtual batch_progress close_batch(std::uint32_t cell) = 0;
  /// Asks the task in a cell to stop.
  virtual void request_stop(std::uint32_t cell) = 0;
  /// Whether no thread executes the blocking function in a cell, as the child says: it has ended, and its outcome waits
  /// for the loop, or it waits for a thread.
  virtual bool waits_for_child(std::uint32_t) const { return false; }
  /// When the task in a cell was started, as the child says; nothing if it has not been.
  virtual std::optional<time_point> started_at(std::uint32_t cell) const = 0;
  /// The task in a cell; id 0 if there is none.
  virtual task_key task_in(std::uint32_t cell) const = 0;
  /// O(tasks in the child).
  virtual tasks_in_child remaining() const = 0;
  /// Takes in everything that the child has written so far: its outcomes are reported before this returns.
  virtual void read() = 0;
  /// Whether it is known which process it is. Before, nothing is read of what the child has written.
  virtual bool launched() const = 0;
  virtual child_pulse pulse() const = 0;
  /// The thread of the child that executes the task in a cell this moment, as it says; 0: it is a coroutine that waits.
  virtual pid_t thread_of(std::uint32_t) const { return 0; }

protected:
  ~child_port() = default;
};

/// A task that is tried again.
struct retried_task {
  task_key task;
  const detail::task_state& state;
  std::uint32_t attempt; ///< that has failed
  const std::exception_ptr& failure;
  std::chrono::nanoseconds delay;
};

/// A task that has run longer than `pool_options::slow_after`.
struct slow_run {
  const task_ledger::entry& entry;
  std::uint32_t seat = 0;
  std::size_t slot = 0;
  std::chrono::nanoseconds ran{0};
  pid_t thread = 0; ///< `child_port::thread_of`
};

struct ended_run;

/// The processes of a pool, and whoever is told of what happens in it.
class child_host {
public:
  enum class ending { term, kill };

  /// Starts a child. It is reported by `pool_machine::child_launching`, then by `child_launched`, and then as
  /// ready or down; or it could not even be prepared, and the result says why.
  virtual std::exception_ptr start(std::uint32_t seat, const child_record& child) = 0;
  /// Valid until the machine has been told that the child is down.
  virtual child_port& port(std::uint32_t seat) = 0;
  /// A ready spare takes a position.
  virtual void take_position(std::uint32_t seat, const child_record& child) = 0;
  /// Lets a child leave: it runs its finalizer and exits.
  virtual void drain(std::uint32_t seat) = 0;
  /// Ends a child. `reason` goes into what is reported of its end, unless an earlier one does.
  virtual void end(std::uint32_t seat, ending how, const std::string& reason) = 0;

  /// A child died unasked, or is to be ended for a reason that a person should know.
  virtual void warn(std::uint32_t seat, const child_record& child, const std::string& what) = 0;
  /// A child has run its initializer.
  virtual void child_started(std::uint32_t seat, const child_record& child) = 0;
  /// A child is gone; `died`: without having been asked.
  virtual void child_ended(const child_exit& exit, bool died) = 0;
  virtual void task_retried(const retried_task& task) = 0;
  /// Only while `pool_machine::rules::runs_wanted` says so.
  virtual void run_ended(const ended_run&) noexcept {}
  virtual void task_is_slow(const slow_run&) noexcept {}
  /// Asks a thread of a child where it executes the task; null if that cannot be asked.
  virtual std::shared_ptr<const detail::late_stack> ask_stack(
    std::uint32_t, pid_t, task_id) noexcept {
    return nullptr;
  }
  /// The pool has failed.
  virtual void failed(const std::exception_ptr& reason) = 0;
  /// A task has left the pool's queue, so there is room for another.
  virtual void made_room() = 0;
  /// The pool takes no more tasks, and its last child is gone.
  virtual void all_down() = 0;

protected:
  ~child_host() = default;
};

} // namespace troupe::policy
