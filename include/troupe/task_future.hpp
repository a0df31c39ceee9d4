#pragma once

#include <troupe/detail/batch.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/detail/task_state.hpp>

#include <exception>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

namespace detail {
/// The value of an outcome, such as that of a promise that is done; throws the failure.
template <class R>
R take_result(const item_outcome& from);
template <class R>
R take_result(const promise& done) {
  return take_result<R>(item_outcome::of(done.result()));
}
} // namespace detail

/// The result of one task. Move-only. The result is kept for as long as the future lives and dropped with
/// it; the task's arguments are released as soon as it is done. Dropping the future does not cancel the task.
/// For one thread at a time. All times are of the steady clock.
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

  /// Waits for the task and returns its value. May be called again, with the same result.
  ///
  /// Throws what the task threw, which is also a `proxy_exception`, or the reason why the task has no
  /// outcome of its own:
  /// - `child_lost`: its child died after the task had been started;
  /// - `task_timeout`: it took longer than `task_options::timeout`;
  /// - `task_expired`: it was not started within `task_options::expires`;
  /// - `task_cancelled`: it was cancelled, or dropped by `pool::terminate`;
  /// - `pool_closed`, `pool_failed`, `start_failed`: the pool takes no more tasks, or has given up;
  /// - what the pool's scheduler threw when it refused the task;
  /// - `decode_error`: the bytes of its result are not the encoding of an `R`;
  /// - in a child also `queue_full`, and `troupe::error` if one of the bounds in pool_handle.hpp is reached.
  ///
  /// Throws `std::logic_error` where the calling thread must not block: on the event loop's thread in the
  /// parent, and in a coroutine in a child. Use `co_await` there.
  R get();

  /// Waits until the task is done. Throws `std::logic_error` as `get`, but nothing of the task.
  void wait();

  /// Waits for at most that long, and returns whether the task is done. Throws as `wait`.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> time);

  /// Whether the outcome has come. Never blocks.
  bool done() const noexcept { return task_->done(); }

  /// The failure of a task that is done; null if it has a value, or is not done. Never blocks.
  std::exception_ptr error() const { return task_->done() ? task_->error() : nullptr; }

  /// Fails the task with `task_cancelled`, unless it is done. A task that has been started is asked to stop,
  /// and is ended with its child if it does not (`pool_options::cancel_grace`). Does not wait.
  void cancel() { pool_->cancel(task_, true); }

  /// `co_await future` in an `asio::awaitable` coroutine (include coroutine.hpp): as `get`, without blocking. It is an Asio operation
  /// with the signature `void(std::exception_ptr, R)`, `void(std::exception_ptr)` if `R` is `void`, and takes any
  /// completion token: `use_future`, `deferred`, `as_tuple(use_awaitable)`, a callback. A handler without an
  /// executor of its own is called on the event loop. One wait at a time.
  ///
  /// If the wait is cancelled as Asio does it, for example as the loser of `future || timer`
  /// (awaitable_operators.hpp), then the task is cancelled as well. Tokens that are given a value beside an
  /// error, all but `co_await` and `use_awaitable`, want a default-constructible `R`.
  template <detail::completion_token CompletionToken>
  auto operator()(CompletionToken&& token) {
    return detail::coroutines_of<task_future>().wait(
      task_, pool_, std::forward<CompletionToken>(token));
  }

private:
  friend class as_completed;

  detail::task_ptr task_;
  detail::pool_ref pool_;
};

namespace detail {
template <class R>
inline constexpr bool is_awaited_by_name<task_future<R>> = true;
} // namespace detail

} // namespace troupe

#pragma GCC visibility pop

#include <troupe/detail/task_future_impl.hpp>
