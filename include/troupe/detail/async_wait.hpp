#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/awaited.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/promise.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// How a coroutine waits for a promise: an Asio operation that completes when the promise is resolved.
namespace troupe::detail {

template <class R>
R take_result(const promise& done); // task_future.hpp

/// The watcher that the calling thread has just begun to let wait. An operation must not complete inside its
/// own initiation: a coroutine that awaits thousands of promises which are resolved would go on, each time,
/// on top of the stack of the time before.
inline thread_local const promise_watcher* initiating = nullptr;

/// Calls `complete(handler, done)` on the handler's executor when the promise is resolved.
template <class Handler, class Complete>
class resume_when_resolved final : public promise_watcher {
public:
  resume_when_resolved(Handler handler, Complete complete)
    : work_(boost::asio::get_associated_executor(handler))
    , handler_(std::move(handler))
    , complete_(std::move(complete)) {}

  void resolved(promise& resolved_one) noexcept override {
    auto completion = [handler = std::move(handler_), complete = std::move(complete_),
                        done = promise_ptr(&resolved_one)]() mutable {
      auto slot = boost::asio::get_associated_cancellation_slot(handler);
      if (slot.is_connected())
        slot.clear(); // there is nothing left to cancel
      complete(std::move(handler), *done);
    };
    if (initiating == this)
      boost::asio::post(work_.get_executor(), std::move(completion));
    else
      boost::asio::dispatch(work_.get_executor(), std::move(completion));
    work_.reset();
  }

private:
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
  Handler handler_;
  Complete complete_;
};

template <class Handler, class Complete>
void when_resolved(const promise_ptr& waited, Handler handler, Complete complete) {
  auto watcher = std::make_shared<resume_when_resolved<Handler, Complete>>(
    std::move(handler), std::move(complete));
  const auto* const before = std::exchange(initiating, watcher.get());
  waited->watch(std::move(watcher));
  initiating = before;
}

/// The result of a promise that is done, as a value.
template <class R>
awaited<R> await_result(const promise& done) {
  awaited<R> result;
  try {
    if constexpr (std::is_void_v<R>)
      take_result<void>(done);
    else
      result.value.emplace(take_result<R>(done));
  } catch (...) {
    result.error = std::current_exception();
  }
  return result;
}

/// Completes with an error, not before the operation has been started.
template <class R, class Handler>
void complete_with_error(Handler handler, std::exception_ptr error) {
  const auto executor = boost::asio::get_associated_executor(handler);
  boost::asio::post(executor, [h = std::move(handler), error = std::move(error)]() mutable {
    awaited<R> failed;
    failed.error = std::move(error);
    std::move(h)(std::move(failed));
  });
}

/// Completes when the promise is resolved, with nothing.
struct resolution {
  promise_ptr waited_for;

  template <class CompletionToken>
  requires(!std::is_pointer_v<std::decay_t<CompletionToken>>) // which Asio tries as well
    auto
    operator()(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void()>(
      [waited = waited_for](auto handler) {
        using handler_type = decltype(handler);
        when_resolved(
          waited, std::move(handler), [](handler_type&& h, const promise&) { std::move(h)(); });
      },
      token);
  }
};

} // namespace troupe::detail

#pragma GCC visibility pop
