#pragma once

#include <troupe/detail/async_wait.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/map_window.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/queue_port.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/map_result.hpp>
#include <troupe/task_future.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

// The bodies that coroutine.hpp brings: of each class the functions that need Asio.
namespace troupe {

template <class T>
class queue;
class as_completed;

namespace detail {

// -- runtime --------------------------------------------------------------------------------------------

template <class R, class Executor>
struct coroutine_part<boost::asio::awaitable<R, Executor>> {
  R run(boost::asio::io_context& loop, boost::asio::awaitable<R, Executor> task) const {
    return boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future).get();
  }
};

// -- one task -------------------------------------------------------------------------------------------

template <class R>
struct coroutine_part<task_future<R>> {
  template <class CompletionToken>
  auto wait(const task_ptr& task, const pool_ref& pool, CompletionToken&& token) const {
    return boost::asio::async_initiate<CompletionToken, completion_signature<R>>(
      [task, pool](auto handler) { start(task, pool, std::move(handler)); }, token);
  }

private:
  template <class Handler>
  static void start(const task_ptr& task, const pool_ref& pool, Handler handler) {
    std::shared_ptr<void> lent;
    try {
      if (!task->done())
        lent = pool->lend();
    } catch (...) { // an operation must not throw where it is started
      fail_later<R>(std::move(handler), std::current_exception());
      return;
    }
    when_resolved(
      task, std::move(handler),
      [lent = std::move(lent)](Handler&& h, const promise* done) mutable {
        lent.reset(); // before the coroutine goes on
        complete_with_result<R>(std::move(h), done);
      },
      [task, pool] { pool->cancel(task, true); });
  }
};

/// For `when_any`.
template <class... Futures>
struct coroutine_part<std::tuple<Futures...>> {
  template <class Order = as_completed>
  awaitable<std::size_t> any(const Futures&... futures) const {
    Order order(futures...);
    co_return *co_await order.next();
  }
};

// -- maps -----------------------------------------------------------------------------------------------

template <class R>
struct coroutine_part<map_result<R>> {
  using value_type = typename map_result<R>::value_type;
  using values = std::vector<value_type>;
  using window_ref =
    std::shared_ptr<ordered_window>; // also of a wait that outlives the map's results

  static awaitable<std::optional<value_type>> next(window_ref window) {
    auto* const task = window->front();
    if (task == nullptr)
      co_return std::nullopt;
    if (!task->done()) {
      resolution resolved{task_ptr(task)};
      const auto lent = window->lend();
      co_await std::move(resolved);
    }
    co_return take_item<R>(window->take());
  }

  template <class CompletionToken>
  auto wait(window_ref window, bool fail_fast, CompletionToken&& token) const {
    return boost::asio::async_initiate<CompletionToken, completion_signature<values>>(
      [window = std::move(window), fail_fast](
        auto handler) { start(window, fail_fast, std::move(handler)); },
      token);
  }

private:
  static awaitable<values> all_of(window_ref window, bool fail_fast) {
    values taken;
    std::exception_ptr failure;
    try {
      while (auto value = co_await next(window))
        taken.push_back(std::move(*value));
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure)
      co_return taken;
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
      window->cancel(true);
      throw task_cancelled("the wait for the results of a map was cancelled");
    }
    if (fail_fast)
      window->cancel(false);
    std::rethrow_exception(failure);
  }

  template <class Handler>
  static void start(const window_ref& window, bool fail_fast, Handler handler) {
    const auto executor = executor_for(handler);
    const auto slot = boost::asio::get_associated_cancellation_slot(handler);
    boost::asio::co_spawn(executor, all_of(window, fail_fast),
      boost::asio::bind_cancellation_slot(
        slot, [h = std::move(handler)](std::exception_ptr error, values taken) mutable {
          std::move(h)(std::move(error), std::move(taken));
        }));
  }
};

template <class R>
struct coroutine_part<unordered_map_result<R>> {
  static awaitable<std::optional<map_item<R>>> next(unordered_window& window) {
    if (!window.expects_more())
      co_return std::nullopt;
    if (!window.ready()) {
      resolution ready(window.next_completion());
      const auto lent = window.lend();
      co_await std::move(ready);
    }
    co_return map_item<R>(window.take());
  }
};

// -- queues ---------------------------------------------------------------------------------------------

template <class T>
struct coroutine_part<queue<T>> {
  static awaitable<void> push(queue_ref port, bytes item) {
    const promise_ptr operation(new promise);
    port->push(operation, std::move(item), queue_port::for_ever);
    auto end = end_of(port, operation);
    co_await std::move(end);
    queue<T>::was_pushed(*operation);
  }

  static awaitable<std::optional<T>> pop(queue_ref port) {
    const promise_ptr operation(new promise);
    port->pop(operation, queue_port::for_ever);
    auto end = end_of(port, operation);
    co_await std::move(end);
    co_return queue<T>::popped(*operation);
  }

private:
  /// Asio operation: completes when an operation on a queue has ended. Cancelling it withdraws that.
  static auto end_of(const queue_ref& port, const promise_ptr& operation) {
    return resolution(operation, [port, operation] { port->withdraw(operation); });
  }
};

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
