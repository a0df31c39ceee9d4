#pragma once

#include "base/untouched_array.hpp"
#include "child/asking/requests.hpp"
#include "child/runtime/parent_link.hpp"
#include "child/tasks/blocking_threads.hpp"
#include "child/tasks/stop_requests.hpp"
#include "child/tasks/task_context.hpp"
#include "child/tasks/task_executor.hpp"
#include "link/frame.hpp"
#include "loop/loop_actor.hpp"
#include "policy/admission.hpp"

#include <troupe/detail/callable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace troupe::child {

/// A task as it arrives at the worker.
struct accepted_call {
  task_id task = 0;
  std::uint64_t delivery = 0; // its number among all that this child was sent
  std::uint32_t cell = 0;
  std::uint32_t attempt = 0;
  detail::call_kind kind = detail::call_kind::plain;
  std::chrono::nanoseconds timeout{0}; // 0: none
  std::uint32_t nesting = 0;
  void (*thunk)() = nullptr;
  void (*target)() = nullptr;
  detail::bytes arguments;
  std::uint32_t items = 0; // of a batch, whose arguments are records; 0 for a task of its own
};

/// The message to the worker: the tasks of one look at the link. A message for each task would cost as much again as
/// the task does here.
struct accepted_calls {
  std::shared_ptr<std::vector<accepted_call>> calls;
};

} // namespace troupe::child

TROUPE_LOCAL_MESSAGE(troupe::child::accepted_calls)

namespace troupe::child {

/// A started task, by the place that it has.
struct task_place {
  std::uint32_t cell = 0;
  task_id task = 0;
};

/// The actor that runs tasks. It accepts them all at once and starts up to `concurrency` of them:
/// coroutines on the loop, blocking functions on threads, plain functions here, one at a time. So no
/// two tasks of a child run at the same time unless they are blocking functions. A task that waits for its
/// pool lends its place, and another is started meanwhile; if it is a plain function, on top of it.
class worker_actor final : public loop::loop_actor {
public:
  struct settings {
    std::size_t position = 0;
    std::size_t concurrency = 1;
    std::size_t blocking_threads = 1;
    void (*exception_handler)(std::exception_ptr) = nullptr;
  };

  worker_actor(caf::actor_config& config, loop::event_loop& loop, parent_link& link,
    requests& asked, stop_requests& stops, settings options);

  caf::behavior handlers() override;

  /// The child, a spare so far, has a place in the pool.
  void take_position(std::size_t position) noexcept { settings_.position = position; }

  /// Fails a task that cannot be run here with `why`, unless the parent has taken it back.
  void refuse(const accepted_call& call, const std::exception_ptr& why);

  /// Starts what may start, for at most `limits::work_slice`; true if something was started.
  bool work();
  /// The number of tasks that have ended, each item of a batch counted.
  std::uint64_t ended() const noexcept { return ended_; }
  /// Cancels the coroutine in a cell if it is to stop.
  void stop(std::uint32_t cell);

  // -- tasks that wait for their pool ---------------------------------------------------------------

  /// The task that calls this: on the loop's thread the one whose step is executed, on a thread the
  /// blocking function. From any thread.
  std::optional<task_place> calling_task() const;
  /// Whether the code that calls this on the loop's thread is a plain function.
  bool runs_plain_function() const;

  /// Lends the place of a task, on the loop's thread. May be called several times for one task. Throws
  /// `troupe::error` if too many tasks have lent theirs.
  void lend(task_place place);
  void reclaim(task_place place);
  /// The same in two steps, for a blocking function: the first is called on its thread, the second on the
  /// loop's. The first throws `std::system_error` if it needs a thread in its place that cannot be made.
  void reserve_lend_of_thread();
  void lend_reserved(task_place place);

  /// The plain function that constructs this lends its place until it is destroyed, and is not on the CPU.
  class lent_function {
  public:
    lent_function(worker_actor& worker, task_place place)
      : worker_(worker)
      , place_(place) {
      worker_.lend(place_);
      suspended_.emplace(worker_.current_, 0);
    }
    lent_function(const lent_function&) = delete;
    ~lent_function() { worker_.reclaim(place_); }

  private:
    worker_actor& worker_;
    task_place place_;
    std::optional<on_cpu> suspended_;
    as_current_task nobody_{nullptr};
  };

private:
  using clock = std::chrono::steady_clock;
  struct running_task;
  struct running_coroutine;
  struct running_function;
  class batch_run;

  // What is known of the task in a cell, from its start to its outcome.
  struct started_task {
    task_id task = 0;
    detail::call_kind kind = detail::call_kind::plain;
    std::uint32_t nesting = 0;
    std::uint32_t waits = 0; // how often it has been lent
    std::uint64_t start = 0;
    running_coroutine* coroutine = nullptr; // if it is one
  };

  void reserve_lend();
  void end_lend(std::uint32_t cell);
  // Begins the task, or the next item of a batch, unless the parent has taken it back.
  std::optional<std::uint32_t> claim(const accepted_call& call);
  void start(accepted_call& call);
  void run_plain(accepted_call& call);
  void run_batch(accepted_call& call);
  // A task, or a batch, which claims its items itself.
  void start_coroutine(accepted_call& call);
  // A task, or a batch of which the first item has been claimed.
  void start_blocking(accepted_call& call);
  // On the loop's thread: publishes the outcome, and lets others start.
  void finish(const accepted_call& call, detail::bytes&& result, const std::exception_ptr& thrown,
    const task_context& context, clock::time_point started, bool lingers = false);
  // `payload` is a value, or a report of what was thrown.
  void publish(const accepted_call& call, bool threw, detail::bytes&& payload,
    clock::time_point started, bool lingers = false);
  task_context context_of(const accepted_call& call) const;
  // What comes after the end of the code of a task, or of an item: `result` becomes the report of what it threw.
  void end_item(
    const task_context& context, const std::exception_ptr& thrown, detail::bytes& result);
  // The cell's task, or item, has ended, or so many of them.
  void leave_cell(std::uint32_t cell, std::uint32_t items = 1);
  // Shows it to the exception handler of the pool.
  void handle(const std::exception_ptr& thrown, const task_context& context);

  parent_link& link_;
  requests& requests_;
  stop_requests& stops_;
  settings settings_;
  link::cell_table cells_;
  std::atomic<std::uint64_t>& current_;
  policy::admission<accepted_call> admission_;
  blocking_threads threads_;
  base::untouched_array<started_task> started_; // by cell
  std::uint64_t starts_ = 0;
  std::uint64_t ended_ = 0;
  std::atomic<std::size_t> lent_ = 0; // tasks that have lent their places, or are about to
  clock::time_point now_{};           // the end of the latest plain task: saves a look at the clock
};

} // namespace troupe::child
