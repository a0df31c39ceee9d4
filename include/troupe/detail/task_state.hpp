#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/call_code.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/promise.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/scheduler.hpp>
#include <troupe/task_options.hpp>

#include <cstdint>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

class map_counters;
class task_state;
using task_ptr = counted_ptr<task_state>;

/// One task: a promise of its result, and what a pool needs to run it. Shared by the one who submitted it
/// and the pool, which resolves it exactly once, on the loop's thread. What the task was made of is
/// released then: a future keeps the result alone. What is not atomic is written before submission, or
/// before `resolve` publishes the outcome.
///
/// A task may be a *batch*: some successive items of a map, which travel as one message and are run one after
/// another. Its arguments and its value are records (batch.hpp); a failure is that of all its items. Where its items
/// do not come to the same end, the pool divides it: this task keeps the first ones, `rest` has the others.
class task_state final : public promise {
public:
  task_state(const call_code& task_code, bytes task_arguments)
    : code(task_code)
    , arguments_(std::move(task_arguments)) {}

  // -- written by the submitter, read by the pool ---------------------------------------------------

  const call_code code;
  std::shared_ptr<const task_options> options; // null: the defaults, or resolved
  std::uint64_t index = 0;                     // position in a map, of the first item
  map_counters* counters = nullptr;            // of that map, until the task is done
  std::uint32_t nesting = 0; // 0: not submitted by a task; else 1 more than the task that did
  static constexpr std::uint32_t any_slot = static_cast<std::uint32_t>(-1);
  std::uint32_t slot = any_slot; // whose child is to run it, and no other

  bool is_for_slot() const noexcept { return slot != any_slot; }

  // -- batches --------------------------------------------------------------------------------------

  std::uint32_t items = 0; // of a batch; 0 for a task of its own
  bool is_batch() const noexcept { return items != 0; }
  /// What it counts as.
  std::size_t size() const noexcept { return items == 0 ? 1 : items; }
  /// How many of them have thrown, if their records are the value. Written by the pool before this is resolved.
  std::uint32_t failed_items = 0;
  /// The items after those of this one, if it has been divided. Written by the pool before this is resolved.
  counted_ptr<task_state> rest;
  /// Watches this and each part that it is divided into, if it is not null.
  std::shared_ptr<promise_watcher> collector;
  /// Takes the items from number `first` on away from this batch: they become `rest`, and what was there follows
  /// that. `first` is above 0 and below `items`. If it throws `std::bad_alloc`, nothing has changed.
  task_ptr divide(std::uint32_t first);

  /// The encoded arguments; empty once the task is resolved.
  const bytes& arguments() const noexcept { return arguments_; }
  void release_arguments() noexcept { arguments_ = {}; }

  /// For a sender that reads the arguments later: they stay for as long as one of these lives, even if the
  /// task is resolved meanwhile. On the loop's thread.
  class arguments_in_use {
  public:
    explicit arguments_in_use(task_ptr task) noexcept;
    arguments_in_use(const arguments_in_use&) = delete;
    arguments_in_use& operator=(const arguments_in_use&) = delete;
    ~arguments_in_use();

  private:
    task_ptr task_;
  };

  // -- the pool's own -------------------------------------------------------------------------------

  std::uint32_t ledger_index = 0;
  /// It is a coroutine that did not end in one step, or has left something behind; of a batch, its last item is, or it is
  /// a blocking function whose outcome had to go by its child's loop. Written before this is resolved.
  bool lingers = false;
  task_state* next_submitted = nullptr;

private:
  ~task_state() override;
  void on_resolve(const outcome& result) noexcept override;

  bytes arguments_;
  std::uint32_t readers_ = 0; // that will look at the arguments later
};

} // namespace troupe::detail

#pragma GCC visibility pop
