#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>

#include <exception>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// How an operation of troupe completes: as any Asio operation whose errors are exceptions, with
// `void(std::exception_ptr, R)`, or `void(std::exception_ptr)` where there is no value. This is the one place that
// relies on Asio's internals, as of Boost 1.81:
// - its handler for `co_await operation` of that signature does not compile, so here is another;
// - it awaits temporaries only, so here is also what awaits an object that has a name.
namespace troupe::detail {

template <class R>
struct completion {
  using signature = void(std::exception_ptr, R);
};
template <>
struct completion<void> {
  using signature = void(std::exception_ptr);
};
template <class R>
using completion_signature = typename completion<R>::signature;

/// Stands for the value that there is not beside an error, where an `R` cannot be made from nothing. Handlers that
/// look at the error first do not convert it.
template <class R>
struct no_value {
  [[noreturn]] operator R() const noexcept { std::terminate(); }
};

template <class Handler>
inline constexpr bool needs_no_value = false;
template <class Signature, class Executor>
inline constexpr bool
  needs_no_value<boost::asio::detail::awaitable_async_op_handler<Signature, Executor>> = true;
template <class Executor, class... Ts>
inline constexpr bool needs_no_value<boost::asio::detail::awaitable_handler<Executor, Ts...>> =
  true;

/// Completes an operation with an error.
template <class R, class Handler>
void complete_with(Handler handler, std::exception_ptr error) {
  if constexpr (std::is_void_v<R>) {
    std::move(handler)(std::move(error));
  } else if constexpr (std::is_default_constructible_v<R>) {
    std::move(handler)(std::move(error), R{});
  } else {
    static_assert(needs_no_value<Handler>, "this completion token is given a value also beside an "
                                           "error, but the type of the value has no default "
                                           "constructor: use co_await or use_awaitable");
    std::move(handler)(std::move(error), no_value<R>{});
  }
}

} // namespace troupe::detail

#pragma GCC visibility pop

namespace boost::asio::detail {

template <class T, class Executor>
class awaitable_async_op_handler<void(std::exception_ptr, T), Executor>
  : public awaitable_thread<Executor> {
public:
  struct result_type {
    std::exception_ptr* error = nullptr;
    T* value = nullptr;
  };

  awaitable_async_op_handler(awaitable_thread<Executor>* from, result_type& result)
    : awaitable_thread<Executor>(std::move(*from))
    , result_(result) {}

  void operator()(std::exception_ptr error, T value) { go_on({&error, &value}); }
  void operator()(std::exception_ptr error, troupe::detail::no_value<T>) {
    go_on({&error, nullptr});
  }

  static T resume(result_type& result) {
    if (*result.error)
      std::rethrow_exception(std::exchange(*result.error, nullptr));
    return std::move(*result.value);
  }

private:
  void go_on(result_type result) {
    result_ = result;
    this->entry_point()->top_of_stack_->attach_thread(this);
    this->entry_point()->top_of_stack_->clear_cancellation_slot();
    this->pump();
  }

  result_type& result_;
};

template <class Signature, class Operation, class Executor>
requires troupe::detail::is_awaited_by_name<Operation>
class awaitable_async_op<Signature, Operation, Executor> {
public:
  using handler_type = awaitable_async_op_handler<Signature, Executor>;

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

  auto await_resume() { return handler_type::resume(result_); }

private:
  Operation& operation_;
  awaitable_frame_base<Executor>* frame_;
  typename handler_type::result_type result_{};
};

} // namespace boost::asio::detail
