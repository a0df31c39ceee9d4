#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/callable.hpp>
#include <troupe/detail/compiler.hpp>

#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// A function that runs on the child's thread pool, up to `childconcurrency` at once, and leaves the
/// child's event loop free meanwhile. For functions that block and are thread-safe. Made by `blocking`.
template <class F>
struct blocking_function {
  F function;
};

/// Marks a plain function or captureless lambda as blocking: `pool.apply(troupe::blocking(f), x)`.
template <detail::one_function F = detail::several_functions>
constexpr blocking_function<std::decay_t<F>> blocking(F&& f) {
  static_assert(detail::callable<std::decay_t<F>>::kind == detail::call_kind::plain,
    "troupe::blocking takes a plain function: a coroutine does not block its child's event loop");
  return {std::forward<F>(f)};
}

/// A function together with its encoded arguments, ready to run in a child. A value; made by `call`.
class bound_call {
public:
  /// No call.
  bound_call() = default;
  bound_call(detail::call_code code, detail::bytes arguments)
    : code_(code)
    , arguments_(std::move(arguments)) {}

  explicit operator bool() const noexcept { return code_.thunk != code_location{}; }
  /// Whether the function is an `asio::awaitable` coroutine.
  bool is_coroutine() const noexcept { return code_.kind == detail::call_kind::coroutine; }

  const detail::call_code& code() const noexcept { return code_; }
  const detail::bytes& arguments() const noexcept { return arguments_; }

private:
  detail::call_code code_;
  detail::bytes arguments_;
};

/// A bound call that knows the type of its result: for a coroutine, what it returns in the end.
/// A value; made by `call`.
template <class R>
class typed_call : public bound_call {
public:
  using result_type = R;
  using bound_call::bound_call;
};

/// Binds `f` to arguments, which are converted to its parameter types and encoded here.
/// `f` is a function, a captureless lambda, a coroutine returning `asio::awaitable`, or
/// `blocking(f)`. Gives a `typed_call` of the function's result. Throws `encode_error`.
template <detail::one_function F = detail::several_functions, class... Args>
auto call(F&& f, Args&&... args) {
  using callable = detail::callable_for<F, Args...>;
  detail::bytes encoded;
  callable::encode_arguments(encoded, std::forward<Args>(args)...);
  return typed_call<typename callable::result_type>(callable::code(f), std::move(encoded));
}

} // namespace troupe

#pragma GCC visibility pop
