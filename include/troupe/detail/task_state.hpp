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
class task_state final : public promise {
public:
  task_state(const call_code& task_code, bytes task_arguments)
    : code(task_code)
    , arguments_(std::move(task_arguments)) {}

  // -- written by the submitter, read by the pool ---------------------------------------------------

  const call_code code;
  std::shared_ptr<const task_options> options; // null: the defaults, or resolved
  std::uint64_t index = 0;                     // position in a map
  map_counters* counters = nullptr;            // of that map, until the task is done
  std::uint32_t nesting = 0; // 0: not submitted by a task; else 1 more than the task that did
  static constexpr std::uint32_t any_slot = static_cast<std::uint32_t>(-1);
  std::uint32_t slot = any_slot; // whose child is to run it, and no other

  bool is_for_slot() const noexcept { return slot != any_slot; }

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
  task_state* next_submitted = nullptr;

private:
  ~task_state() override = default;
  void on_resolve(const outcome& result) noexcept override;

  bytes arguments_;
  std::uint32_t readers_ = 0; // that will look at the arguments later
};

} // namespace troupe::detail

#pragma GCC visibility pop
