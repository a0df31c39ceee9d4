#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/async_wait.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/task_state.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// The value of a promise that is done; throws its failure.
template <class R>
R take_result(const promise& done) {
  if (const auto error = done.error())
    std::rethrow_exception(error);
  decoder in(view(done.result().payload));
  if constexpr (std::is_void_v<R>) {
    in.finish();
  } else {
    R value = in.make<R>();
    in.finish();
    return value;
  }
}

} // namespace detail

/// The result of one task. Move-only; the result is kept for as long as the future lives and dropped
/// with it. Dropping the future does not cancel the task. For one thread at a time.
template <class R>
class task_future {
public:
  using value_type = R;

  task_future() = default;
  task_future(detail::task_ptr task, detail::pool_ref pool)
    : task_(std::move(task))
    , pool_(std::move(pool)) {}
  task_future(task_future&&) noexcept = default;
  task_future& operator=(task_future&&) noexcept = default;

  /// Whether this is the future of a task: not default-constructed or moved from. Everything else
  /// requires it.
  bool valid() const noexcept { return task_ != nullptr; }

  /// Waits for the task and returns its value, or throws what it threw (also as `proxy_exception`), or
  /// why it has no outcome of its own: `child_lost`, `task_cancelled`, `pool_closed`, `pool_failed`,
  /// `decode_error`. May be called again, with the same result. Throws `std::logic_error` on the event
  /// loop's thread, and in a child in a coroutine: use `co_await` there.
  R get() {
    wait();
    return detail::take_result<R>(*task_);
  }

  /// Waits until the task is done.
  void wait() {
    detail::wait_for_task(
      pool_, *task_, std::chrono::steady_clock::time_point::max(), "task_future::get");
  }

  /// Waits for at most that long; true if the task is done.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> time) {
    return detail::wait_for_task(pool_, *task_,
      std::chrono::steady_clock::now() +
        std::chrono::ceil<std::chrono::steady_clock::duration>(time),
      "task_future::wait_for");
  }

  bool done() const noexcept { return task_->done(); }

  /// The failure of a task that is done, or null.
  std::exception_ptr error() const { return task_->done() ? task_->error() : nullptr; }

  /// Fails the task with `task_cancelled`, unless it is done. One that has been started is asked to stop,
  /// and ended with its child if it does not (`pool_options::cancel_grace`). Does not wait.
  void cancel() { pool_->cancel(task_, true); }

  /// `co_await future` in an `asio::awaitable` coroutine: as `get`, without blocking. At most once. If
  /// the wait is cancelled as Asio does it, for example as the loser of `future || timer`, the task is.
  template <class CompletionToken>
  requires(!std::is_pointer_v<std::decay_t<CompletionToken>>) // which Asio tries as well
    auto
    operator()(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(detail::awaited<R>)>(
      [task = task_, pool = pool_](auto handler) {
        using handler_type = decltype(handler);
        std::shared_ptr<void> lent;
        try {
          if (!task->done())
            lent = pool->lend();
        } catch (...) { // an operation must not throw where it is started
          detail::complete_with_error<R>(std::move(handler), std::current_exception());
          return;
        }
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
          slot.assign([task, pool](boost::asio::cancellation_type type) {
            if (type != boost::asio::cancellation_type::none)
              pool->cancel(task, true);
          });
        detail::when_resolved(task, std::move(handler),
          [lent = std::move(lent)](handler_type&& h, const detail::promise& done) mutable {
            lent.reset(); // before the coroutine goes on
            std::move(h)(detail::await_result<R>(done));
          });
      },
      token);
  }

private:
  detail::task_ptr task_;
  detail::pool_ref pool_;
};

} // namespace troupe
