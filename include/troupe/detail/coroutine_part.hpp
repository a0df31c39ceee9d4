#pragma once

#include <troupe/detail/compiler.hpp>

#include <type_traits>

// What the headers that do not include Asio say of it. They declare what is awaited; <troupe/coroutine.hpp> brings
// Asio, and the bodies.
namespace boost::asio {

template <class T, class Executor>
class awaitable;
class any_io_executor;
class io_context;

} // namespace boost::asio

#pragma GCC visibility push(default)

namespace troupe::detail {

template <class R>
using awaitable = boost::asio::awaitable<R, boost::asio::any_io_executor>;

template <class T>
inline constexpr bool is_awaitable_v = false;
template <class R, class Executor>
inline constexpr bool is_awaitable_v<boost::asio::awaitable<R, Executor>> = true;

/// Whether `co_await` takes a `T` that has a name.
template <class T>
inline constexpr bool is_awaited_by_name = false;

/// The functions of a `T` that need Asio. Completed by <troupe/coroutine.hpp>.
template <class T>
struct coroutine_part;

/// Gives those functions where the header has been included, and else says that it is missing.
template <class T>
constexpr auto coroutines_of() {
  static_assert(
    requires { sizeof(coroutine_part<T>); },
    "coroutines and other users of Asio include <troupe/coroutine.hpp>, or <troupe/troupe.hpp>");
  return coroutine_part<T>{};
}

/// What Asio is given as completion token; it tries pointers as well.
template <class T>
concept completion_token = !std::is_pointer_v<std::decay_t<T>>;

} // namespace troupe::detail

#pragma GCC visibility pop
