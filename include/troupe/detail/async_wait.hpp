#pragma once

#include <troupe/detail/awaited.hpp>
#include <troupe/detail/begun_wait.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/promise.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/task_future.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// How a promise is waited for without blocking: by an Asio operation that completes when it is resolved.
namespace troupe::detail {

/// The executor of this process's loop; without a loop, that of the system. Thread-safe.
boost::asio::any_io_executor loop_executor();

/// The executor on which a handler is to be called: its own, or the loop's.
template <class Handler>
auto executor_for(const Handler& handler) {
  if constexpr (std::same_as<boost::asio::associated_executor_t<Handler>,
                  boost::asio::system_executor>)
    return loop_executor();
  else
    return boost::asio::get_associated_executor(handler);
}

/// Calls a function on an executor, but not before the caller has returned. The loop's thread hands it over, as Asio's own
/// operations do: what is posted to the executor of `use_future` would make Asio start threads of its own.
template <class Executor, class Function>
void call_later(const Executor& executor, Function&& function) {
  if constexpr (std::same_as<Executor, boost::asio::any_io_executor>)
    boost::asio::post(executor, std::forward<Function>(function));
  else
    boost::asio::post(loop_executor(), [work = boost::asio::make_work_guard(executor),
                                         called = std::forward<Function>(function)]() mutable {
      boost::asio::dispatch(work.get_executor(), std::move(called));
    });
}

/// An Asio operation that was cancelled.
std::exception_ptr operation_aborted();

/// The watcher that the calling thread has just begun to let wait. An operation must not complete inside its
/// own initiation: a coroutine that awaits thousands of promises which are resolved would go on, each time,
/// on top of the stack of the time before.
inline thread_local const promise_watcher* initiating = nullptr;

/// Calls `complete(handler, done)` on the handler's executor when the promise is resolved, or, with a null
/// `done`, when the wait for it has been given up.
template <class Handler, class Complete>
class resume_when_resolved final : public promise_watcher {
public:
  resume_when_resolved(Handler handler, Complete complete)
    : work_(executor_for(handler))
    , handler_(std::move(handler))
    , complete_(std::move(complete)) {}

  void resolved(promise& resolved_one) noexcept override {
    finish(promise_ptr(&resolved_one), initiating == this);
  }
  void give_up() noexcept { finish(nullptr, true); }

private:
  void finish(promise_ptr done, bool later) noexcept {
    auto completion = [handler = std::move(handler_), complete = std::move(complete_),
                        done = std::move(done)]() mutable {
      auto slot = boost::asio::get_associated_cancellation_slot(handler);
      if (slot.is_connected())
        slot.clear(); // there is nothing left to cancel
      complete(std::move(handler), done.get());
    };
    if (later)
      call_later(work_.get_executor(), std::move(completion));
    else
      boost::asio::dispatch(work_.get_executor(), std::move(completion));
    work_.reset();
  }

  boost::asio::executor_work_guard<decltype(executor_for(std::declval<const Handler&>()))> work_;
  Handler handler_;
  Complete complete_;
};

/// What cancels a wait gives it up: whoever is to resolve the promise goes on.
struct give_up_wait {};

/// Begins to wait. What cancels the operation calls `on_cancel`, or gives up the wait.
template <class Handler, class Complete, class OnCancel = give_up_wait>
void when_resolved(
  const promise_ptr& waited, Handler handler, Complete complete, OnCancel on_cancel = {}) {
  using boost::asio::cancellation_type;
  auto slot = boost::asio::get_associated_cancellation_slot(handler);
  auto watcher = std::make_shared<resume_when_resolved<Handler, Complete>>(
    std::move(handler), std::move(complete));
  if (slot.is_connected())
    slot.assign([waited, weak = std::weak_ptr(watcher), on_cancel = std::move(on_cancel)](
                  cancellation_type type) {
      if (type == cancellation_type::none)
        return;
      if constexpr (std::same_as<OnCancel, give_up_wait>) {
        static_cast<void>(on_cancel);
        if (const auto waiting = weak.lock(); waiting && waited->unwatch())
          waiting->give_up();
      } else {
        on_cancel();
      }
    });
  const auto* const before = std::exchange(initiating, watcher.get());
  waited->watch(std::move(watcher));
  initiating = before;
}

/// Completes with the result of a promise that is done, or as an operation that was cancelled if it is null.
template <class R, class Handler>
void complete_with_result(Handler handler, const promise* done) {
  if (done == nullptr) {
    complete_with<R>(std::move(handler), operation_aborted());
    return;
  }
  // Not called inside the `try`: what the handler throws is not the promise's.
  std::exception_ptr error;
  if constexpr (std::is_void_v<R>) {
    try {
      take_result<void>(*done);
    } catch (...) {
      error = std::current_exception();
    }
  } else {
    std::optional<R> value;
    try {
      value.emplace(take_result<R>(*done));
    } catch (...) {
      error = std::current_exception();
    }
    if (value) {
      std::move(handler)(std::exception_ptr(), *std::move(value));
      return;
    }
  }
  complete_with<R>(std::move(handler), std::move(error));
}

/// Completes with an error, not before the operation has been started.
template <class R, class Handler>
void fail_later(Handler handler, std::exception_ptr error) {
  const auto executor = executor_for(handler); // before it is moved
  call_later(executor, [h = std::move(handler), error = std::move(error)]() mutable {
    complete_with<R>(std::move(h), std::move(error));
  });
}

/// Asio operation: completes when the promise is resolved, without looking at its outcome. What cancels it is as for
/// `when_resolved`.
template <class OnCancel = give_up_wait>
class resolution {
public:
  explicit resolution(promise_ptr waited, OnCancel on_cancel = {})
    : waited_(std::move(waited))
    , on_cancel_(std::move(on_cancel)) {}

  template <completion_token CompletionToken>
  auto operator()(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr)>(
      [waited = waited_, on_cancel = on_cancel_](auto handler) {
        using handler_type = decltype(handler);
        when_resolved(
          waited, std::move(handler),
          [](handler_type&& h, const promise* done) {
            std::move(h)(done != nullptr ? nullptr : operation_aborted());
          },
          on_cancel);
      },
      token);
  }

private:
  promise_ptr waited_;
  OnCancel on_cancel_;
};

template <class R, class Begin>
struct coroutine_part<begun_wait<R, Begin>> {
  template <class CompletionToken>
  auto start(const Begin& begin, CompletionToken&& token) const {
    return boost::asio::async_initiate<CompletionToken, completion_signature<R>>(
      [begin](auto handler) {
        using handler_type = decltype(handler);
        const promise_ptr waiter(new promise);
        when_resolved(waiter, std::move(handler), [](handler_type&& h, const promise* done) {
          if constexpr (std::is_void_v<R>)
            std::move(h)(done != nullptr ? done->error() : operation_aborted());
          else
            complete_with_result<R>(std::move(h), done);
        });
        begin(waiter);
      },
      token);
  }
};

} // namespace troupe::detail

#pragma GCC visibility pop
