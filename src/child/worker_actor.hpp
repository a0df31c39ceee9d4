#pragma once

#include "child/admission.hpp"
#include "child/blocking_threads.hpp"
#include "child/parent_link.hpp"
#include "child/stop_requests.hpp"
#include "child/task_context.hpp"
#include "child/task_executor.hpp"
#include "link/frame.hpp"
#include "loop/loop_actor.hpp"

#include <troupe/detail/callable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

namespace troupe::child {

/// A task as it arrives at the worker.
struct call_message {
  task_id task = 0;
  std::uint32_t slot = 0;
  std::uint32_t attempt = 0;
  detail::call_kind kind = detail::call_kind::plain;
  std::chrono::nanoseconds timeout{0}; // 0: none
  void (*thunk)() = nullptr;
  void (*target)() = nullptr;
  detail::bytes arguments;
};

} // namespace troupe::child

TROUPE_LOCAL_MESSAGE(troupe::child::call_message)

namespace troupe::child {

/// The actor that runs tasks. It accepts each message at once and starts up to `concurrency` of them:
/// coroutines on the loop, blocking functions on threads, plain functions here, one at a time. So no
/// two tasks of a child run at the same time unless they are blocking functions.
class worker_actor final : public loop::loop_actor {
public:
  struct settings {
    std::size_t position = 0;
    std::size_t concurrency = 1;
    std::size_t blocking_threads = 1;
    void (*exception_handler)(std::exception_ptr) = nullptr;
  };

  worker_actor(caf::actor_config& config, loop::event_loop& loop, parent_link& link,
    stop_requests& stops, settings options);

  caf::behavior make_behavior() override;

  /// The child, a spare so far, has a place in the pool.
  void take_position(std::size_t position) noexcept { settings_.position = position; }

  /// Starts what may start, for at most `limits::work_slice`; true if something was started.
  bool work();
  /// Cancels the task that runs in that slot, if it is a coroutine.
  void stop(std::uint32_t slot, task_id task);

private:
  using clock = std::chrono::steady_clock;
  struct running_task;
  struct running_coroutine;

  void start(call_message& call);
  void run_plain(call_message& call);
  void start_coroutine(call_message& call);
  void start_blocking(call_message& call);
  // Publishes the outcome; `thrown` is null for a value.
  void finish(const call_message& call, detail::bytes&& result, const std::exception_ptr& thrown,
    clock::time_point started);
  task_context context_of(const call_message& call) const;
  detail::bytes report(const call_message& call, const std::exception_ptr& thrown);

  parent_link& link_;
  stop_requests& stops_;
  settings settings_;
  link::slot_table slots_;
  std::atomic<std::uint64_t>& current_;
  admission<call_message> admission_;
  blocking_threads threads_;
  std::vector<running_coroutine*> coroutines_; // by slot
  clock::time_point now_{}; // the end of the latest plain task: saves a look at the clock
};

} // namespace troupe::child
