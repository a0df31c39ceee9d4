#pragma once

#include <troupe/detail/compiler.hpp>

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

#pragma GCC visibility push(default)

// What makes `co_await future` work in an `asio::awaitable` coroutine. Asio awaits any operation that can
// be called with a completion token, but Boost 1.81's handler for `void(std::exception_ptr, T)` does not
// compile, and newer ones want a default-constructible T. So operations of troupe complete with an
// `awaited<T>`, for which the handler is here. And Asio awaits temporaries only, so here is also what
// awaits an object that has a name. It relies on Asio's internals as of Boost 1.81: the one place that
// does.
namespace troupe::detail {

/// A value or the exception in its place.
template <class T>
struct awaited {
  std::exception_ptr error;
  std::optional<T> value;

  T take() {
    if (error)
      std::rethrow_exception(std::move(error));
    return *std::move(value);
  }
};

template <>
struct awaited<void> {
  std::exception_ptr error;

  void take() {
    if (error)
      std::rethrow_exception(std::move(error));
  }
};

} // namespace troupe::detail

#pragma GCC visibility pop

namespace boost::asio::detail {

template <class T, class Executor>
class awaitable_async_op_handler<void(troupe::detail::awaited<T>), Executor>
  : public awaitable_thread<Executor> {
public:
  using result_type = troupe::detail::awaited<T>*;

  awaitable_async_op_handler(awaitable_thread<Executor>* from, result_type& result)
    : awaitable_thread<Executor>(std::move(*from))
    , result_(result) {}

  void operator()(troupe::detail::awaited<T> value) {
    result_ = &value;
    this->entry_point()->top_of_stack_->attach_thread(this);
    this->entry_point()->top_of_stack_->clear_cancellation_slot();
    this->pump();
  }

  static T resume(result_type& result) { return result->take(); }

private:
  result_type& result_;
};

template <class T, class Operation, class Executor>
class awaitable_async_op<void(troupe::detail::awaited<T>), Operation, Executor> {
public:
  using handler_type = awaitable_async_op_handler<void(troupe::detail::awaited<T>), Executor>;

  awaitable_async_op(Operation& waited_for, awaitable_frame_base<Executor>* frame)
    : operation_(waited_for)
    , frame_(frame) {}
  // A temporary lives until the whole expression has been evaluated.
  awaitable_async_op(Operation&& waited_for, awaitable_frame_base<Executor>* frame)
    : awaitable_async_op(waited_for, frame) {}

  bool await_ready() const noexcept { return false; }

  void await_suspend(coroutine_handle<void>) {
    frame_->after_suspend(
      [](void* argument) {
        auto* self = static_cast<awaitable_async_op*>(argument);
        self->operation_(handler_type(self->frame_->detach_thread(), self->result_));
      },
      this);
  }

  T await_resume() { return handler_type::resume(result_); }

private:
  Operation& operation_;
  awaitable_frame_base<Executor>* frame_;
  typename handler_type::result_type result_ = nullptr;
};

} // namespace boost::asio::detail
