#include "child/runtime/copies.hpp"
#include "child/tasks/batch_run.hpp"
#include "child/tasks/running_task.hpp"
#include "child/tasks/task_executor.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>
#include <utility>

// Coroutines: how a task, or a batch, of them runs.
namespace troupe::child {

/// The coroutine of a task, or of one item of a batch after another. One *lingers* if it does not end where it is
/// begun, in one step, or if it leaves something behind that runs on its executor. Of a batch, nothing is begun after
/// such an item, so that it has the executor, and whatever else belongs to a coroutine, for itself.
struct worker_actor::running_coroutine : running_task {
  running_coroutine(
    worker_actor& by, accepted_call&& message, task_context told, clock::time_point start_time)
    : running_task(std::move(message), told, start_time)
    , worker(by)
    , scope(std::make_shared<task_scope>(task_scope{by.current_, &context})) {}

  boost::asio::awaitable<void> run_task();
  boost::asio::awaitable<void> run_items();

  detail::coroutine_thunk thunk() const noexcept {
    return reinterpret_cast<detail::coroutine_thunk>(call.thunk);
  }
  // Its code has ended. `owners`: those of the scope before.
  void left(long owners) noexcept {
    end_copy();
    lingers = lingers || scope.use_count() != owners;
  }

  worker_actor& worker;
  const std::shared_ptr<task_scope> scope;
  boost::asio::cancellation_signal cancellation;
  bool asked_to_stop = false;
  bool lingers = false;
  bool ended = false;
};

boost::asio::awaitable<void> worker_actor::running_coroutine::run_task() {
  const auto owners = scope.use_count();
  std::exception_ptr thrown;
  try {
    co_await thunk()(invocation);
  } catch (...) {
    thrown = std::current_exception();
  }
  left(owners);
  ended = true;
  worker.finish(call, std::move(result), thrown, context, started, lingers);
  scope->context = nullptr;
}

boost::asio::awaitable<void> worker_actor::running_coroutine::run_items() {
  const auto owners = scope.use_count();
  batch_run items(worker, call, context, worker.now_);
  do {
    const auto arguments = items.next();
    if (!arguments)
      break;
    worker.started_[call.cell].coroutine = this;
    result.clear();
    detail::invocation with{*arguments, call.target, result};
    std::exception_ptr thrown;
    try {
      // Each begins with what a coroutine of its own has: the one before may have changed it.
      co_await boost::asio::this_coro::reset_cancellation_state();
      co_await boost::asio::this_coro::throw_if_cancelled(true);
      co_await thunk()(with);
    } catch (...) {
      thrown = std::current_exception();
    }
    left(owners);
    items.add(result, thrown);
  } while (!lingers && items.goes_on());
  ended = true;
  items.end(lingers);
  scope->context = nullptr;
}

void worker_actor::start_coroutine(accepted_call& call) {
  const auto context = context_of(call);
  const auto task = std::make_shared<running_coroutine>(*this, std::move(call), context, now_);
  const auto cell = task->call.cell;
  const bool in_batch = task->call.items > 0;
  if (!in_batch)
    started_[cell].coroutine = task.get();
  auto when_done = [task](const std::exception_ptr& failure) {
    if (failure) // no memory to report the outcome
      std::rethrow_exception(failure);
  };
  boost::asio::co_spawn(task_executor(loop().io().get_executor(), task->scope),
    in_batch ? task->run_items() : task->run_task(),
    boost::asio::bind_cancellation_slot(task->cancellation.slot(), std::move(when_done)));
  if (task->ended)
    return;
  task->lingers = true;
  now_ = clock::now();
  // The parent takes back what is behind it. One that lends its place has said so.
  if (in_batch && started_[cell].waits == 0) {
    batch_results(link_, cell, task->call.task).linger();
    link_.ring_now();
  }
}

void worker_actor::stop(std::uint32_t cell) {
  auto* const task = started_[cell].coroutine;
  if (task == nullptr || task->asked_to_stop || !cells_.is_to_stop(cell, task->call.task))
    return;
  task->asked_to_stop = true;
  const on_cpu mark(current_, cell + 1u);
  const as_current_task current(&task->context);
  task->cancellation.emit(boost::asio::cancellation_type::terminal);
}

} // namespace troupe::child
