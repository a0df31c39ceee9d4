#pragma once

#include "child/admission.hpp"
#include "child/blocking_threads.hpp"
#include "child/parent_link.hpp"
#include "child/task_executor.hpp"
#include "link/frame.hpp"
#include "loop/loop_actor.hpp"

#include <troupe/detail/callable.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>

namespace troupe::child {

/// A task as it arrives at the worker.
struct call_message {
  task_id task = 0;
  std::uint32_t slot = 0;
  std::uint32_t attempt = 0;
  detail::call_kind kind = detail::call_kind::plain;
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
    void (*exception_handler)(std::exception_ptr) = nullptr;
  };

  worker_actor(
    caf::actor_config& config, loop::event_loop& loop, parent_link& link, settings options);

  caf::behavior make_behavior() override;

  /// Starts what may start, for at most `limits::work_slice`; true if something was started.
  bool work();

private:
  using clock = std::chrono::steady_clock;
  struct running_task;

  void start(call_message& call);
  void run_plain(call_message& call);
  void start_coroutine(call_message& call);
  void start_blocking(call_message& call);
  // Publishes the outcome; `thrown` is null for a value.
  void finish(const call_message& call, detail::bytes&& result, const std::exception_ptr& thrown,
    clock::time_point started);
  detail::bytes report(const call_message& call, const std::exception_ptr& thrown);

  // Whether calls of that function have been short so far. A small table without chains: a collision
  // costs a ring of the doorbell, nothing else.
  struct duration_entry {
    const void* function = nullptr;
    std::chrono::nanoseconds average{0};
  };
  duration_entry& duration_of(const call_message& call) noexcept;

  parent_link& link_;
  settings settings_;
  link::slot_table slots_;
  std::atomic<std::uint64_t>& current_;
  admission<call_message> admission_;
  blocking_threads threads_;
  std::array<duration_entry, 64> durations_{};
  clock::time_point now_{}; // the end of the latest plain task: saves a look at the clock
};

} // namespace troupe::child
