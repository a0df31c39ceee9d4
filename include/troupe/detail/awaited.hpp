#pragma once

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

// What makes `co_await future` work in an `asio::awaitable` coroutine. Asio awaits any operation that can
// be called with a completion token, but Boost 1.81's handler for `void(std::exception_ptr, T)` does not
// compile, and newer ones want a default-constructible T. So operations of troupe complete with an
// `awaited<T>`, for which the handler is here. It relies on Asio's internals as of Boost 1.81: the one
// place that does.
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

} // namespace boost::asio::detail
