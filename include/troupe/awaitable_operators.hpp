#pragma once

#include <troupe/coroutine.hpp>
#include <troupe/detail/compiler.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// `co_await (future || timer.async_wait(use_awaitable))`, `co_await (std::move(a) && b)`: the operators of
// boost/asio/experimental/awaitable_operators.hpp, where one side or both are operations of troupe: a `task_future`,
// a `map_result`, a `process` or a `worker`. What they give, throw and cancel is as there: `||` gives a variant of
// the first result and cancels the other side, `&&` gives all results, and a failure cancels the others. In `||`, an
// operation that fails loses. For the first of many, see as_completed.hpp.
namespace troupe {

namespace detail {

template <class T>
concept named_operation = is_awaited_by_name<std::decay_t<T>>;

template <named_operation T>
auto to_awaitable(T&& operation) {
  return operation(boost::asio::use_awaitable);
}
template <class R, class Executor>
boost::asio::awaitable<R, Executor> to_awaitable(boost::asio::awaitable<R, Executor> already) {
  return already;
}

template <class A, class B>
concept operands = (named_operation<A> &&
                     (named_operation<B> || is_awaitable_v<std::decay_t<B>>)) ||
                   (is_awaitable_v<std::decay_t<A>> && named_operation<B>);

} // namespace detail

template <class A, class B>
requires detail::operands<A, B>
auto operator||(A&& a, B&& b) {
  using boost::asio::experimental::awaitable_operators::operator||;
  return detail::to_awaitable(std::forward<A>(a)) || detail::to_awaitable(std::forward<B>(b));
}

template <class A, class B>
requires detail::operands<A, B>
auto operator&&(A&& a, B&& b) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  return detail::to_awaitable(std::forward<A>(a)) && detail::to_awaitable(std::forward<B>(b));
}

} // namespace troupe

#pragma GCC visibility pop
