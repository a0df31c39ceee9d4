#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/awaited.hpp>
#include <troupe/detail/task_state.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

// How a coroutine waits for a task: an Asio operation that completes when the task is resolved.
namespace troupe::detail {

template <class R>
R take_result(const task_state& task); // task_future.hpp

/// Calls `complete(handler, task)` on the handler's executor when the task is resolved.
template <class Handler, class Complete>
class resume_when_resolved final : public task_watcher {
public:
  resume_when_resolved(Handler handler, Complete complete)
    : work_(boost::asio::get_associated_executor(handler))
    , handler_(std::move(handler))
    , complete_(std::move(complete)) {}

  void resolved(task_state& task) noexcept override {
    boost::asio::dispatch(
      work_.get_executor(), [handler = std::move(handler_), complete = std::move(complete_),
                              done = task_ptr(&task)]() mutable {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
          slot.clear(); // there is nothing left to cancel
        complete(std::move(handler), *done);
      });
    work_.reset();
  }

private:
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
  Handler handler_;
  Complete complete_;
};

template <class Handler, class Complete>
void when_resolved(const task_ptr& task, Handler handler, Complete complete) {
  task->watch(std::make_shared<resume_when_resolved<Handler, Complete>>(
    std::move(handler), std::move(complete)));
}

/// The result of a task that is done, as a value.
template <class R>
awaited<R> await_result(const task_state& done) {
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

/// Completes when the task is resolved, with nothing.
struct resolution {
  task_ptr task;

  template <class CompletionToken>
  requires(!std::is_pointer_v<std::decay_t<CompletionToken>>) // which Asio tries as well
    auto
    operator()(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void()>(
      [waited = task](auto handler) {
        using handler_type = decltype(handler);
        when_resolved(
          waited, std::move(handler), [](handler_type&& h, const task_state&) { std::move(h)(); });
      },
      token);
  }
};

} // namespace troupe::detail
