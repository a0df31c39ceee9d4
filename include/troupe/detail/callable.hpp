#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/call_code.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/type_name.hpp>
#include <troupe/errors.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// What a task may be, and how its function crosses to the child: by the place of its *thunk* in the
// image, a function of one fixed type that decodes the arguments, calls, and encodes the result. A
// function pointer crosses as a second place, the *target*; a lambda's type is part of its thunk.

#pragma GCC visibility push(default)

namespace troupe {

template <class F>
struct blocking_function; // call.hpp

namespace detail {

/// One call in the child, seen by the thunk.
struct invocation {
  std::span<const std::byte> arguments;
  void (*target)() = nullptr;
  bytes& result;
};

using plain_thunk = void (*)(invocation&);
using coroutine_thunk = awaitable<void> (*)(invocation&);

// -- parameters -------------------------------------------------------------------------------------

// What a parameter is decoded into. It lives in the child for as long as the call.
template <class P>
struct parameter {
  static_assert(!std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>,
    "a task runs in another process, so it cannot take an argument by non-const reference");
  static_assert(!std::is_pointer_v<std::remove_cvref_t<P>>,
    "a task runs in another process, so it cannot take a pointer; pass the value");
  using storage = std::remove_cvref_t<P>;
  static decltype(auto) pass(storage& value) {
    if constexpr (std::is_lvalue_reference_v<P>)
      return static_cast<const storage&>(value);
    else
      return std::move(value);
  }
};

template <>
struct parameter<std::string_view> {
  using storage = std::string;
  static std::string_view pass(storage& value) { return value; }
};

template <>
struct parameter<const char*> {
  using storage = std::string;
  static const char* pass(storage& value) { return value.c_str(); }
};

template <class T>
struct parameter<std::span<const T>> {
  using storage = std::vector<T>;
  static std::span<const T> pass(storage& value) { return value; }
};

template <class P>
using storage_t = typename parameter<P>::storage;

// -- results ----------------------------------------------------------------------------------------

template <class R>
struct result_traits {
  using type = std::remove_cvref_t<R>;
  static constexpr bool is_awaitable = false;
  template <class T>
  using awaitable_of = T;
};

template <class R, class Executor>
struct result_traits<boost::asio::awaitable<R, Executor>> {
  static_assert(std::same_as<Executor, boost::asio::any_io_executor>,
    "a coroutine task returns asio::awaitable<R> with the default executor");
  using type = std::remove_cvref_t<R>;
  static constexpr bool is_awaitable = true;
  template <class T>
  using awaitable_of = boost::asio::awaitable<T, Executor>;
};

// -- thunks -----------------------------------------------------------------------------------------

// The arguments of one call, decoded in their order. As a std::tuple, of which each function with other parameters
// would cost the compiler 2 MB more.
template <class... Ps>
struct decoded_arguments {
  explicit decoded_arguments(decoder& in) { in.finish(); }
  template <class Function, class... Before>
  decltype(auto) apply(const Function& function, Before&... before) {
    return function(before...);
  }
};

template <class P, class... Ps>
struct decoded_arguments<P, Ps...> {
  explicit decoded_arguments(decoder& in)
    : first(in.make<storage_t<P>>())
    , others(in) {}
  template <class Function, class... Before>
  decltype(auto) apply(const Function& function, Before&... before) {
    return others.apply(function, before..., first);
  }

  storage_t<P> first;
  decoded_arguments<Ps...> others;
};

// GetFunction::get(invocation&) gives the function to call.
template <class GetFunction, class R, class... Ps>
struct thunks {
  static void run(invocation& call) {
    decoder in(call.arguments);
    decoded_arguments<Ps...> arguments(in);
    auto invoke = [&](auto&... values) -> R {
      return GetFunction::get(call)(parameter<Ps>::pass(values)...);
    };
    if constexpr (std::is_void_v<R>)
      arguments.apply(invoke);
    else
      encoder(call.result)(static_cast<const std::remove_cvref_t<R>&>(arguments.apply(invoke)));
  }

  // Only instantiated for coroutines, so Asio's type is complete by then.
  static typename result_traits<R>::template awaitable_of<void> start(invocation& call) {
    decoder in(call.arguments);
    decoded_arguments<Ps...> arguments(in);
    auto invoke = [&](auto&... values) -> R {
      return GetFunction::get(call)(parameter<Ps>::pass(values)...);
    };
    using value_type = typename result_traits<R>::type;
    if constexpr (std::is_void_v<value_type>) {
      co_await arguments.apply(invoke);
    } else {
      const value_type value = co_await arguments.apply(invoke);
      encoder{call.result}(value);
    }
  }

  static code_location place() {
    if constexpr (result_traits<R>::is_awaitable)
      return locate(&thunks::start);
    else
      return locate(&thunks::run);
  }
};

template <class Pointer>
struct get_pointer {
  static Pointer get(invocation& call) { return reinterpret_cast<Pointer>(call.target); }
};

template <class F>
struct get_stateless {
  static F get(invocation&) { return F{}; }
};

// -- arguments --------------------------------------------------------------------------------------

// Whether an integer may become another one by a conversion. What does not fit only for its sign is looked at
// when it is encoded, since an `int` for a `std::size_t` is nearly always meant. Fractions are rounded, as
// everywhere in C++.
template <class From, class To>
constexpr bool narrows() {
  if constexpr (std::same_as<From, To>)
    return false;
  else if constexpr (std::same_as<To, bool>)
    return std::is_arithmetic_v<From> || std::is_pointer_v<From>;
  else
    return std::is_integral_v<From> && std::is_integral_v<To> && sizeof(To) < sizeof(From);
}

template <class To, class From>
void check_sign(const From& value) {
  if constexpr (std::is_integral_v<From> && std::is_integral_v<To> && !std::same_as<From, bool> &&
                std::is_signed_v<From> != std::is_signed_v<To>) {
    const auto converted = static_cast<To>(value);
    if ((value < From{}) != (converted < To{}))
      throw encode_error("an argument, " + std::to_string(value) +
                         ", does not fit into the function's parameter type, which " +
                         (std::is_signed_v<To> ? "ends below it" : "has no negative values"));
  }
}

// -- callables --------------------------------------------------------------------------------------

template <class GetFunction, class R, class... Ps>
struct callable_base {
  using result_type = typename result_traits<R>::type;
  static_assert(!has_wrong_codec<result_type>,
    "the troupe::codec<T> of the result of this function cannot be used: it must have the public "
    "functions `static void encode(troupe::encoder&, const T&)` and `static T "
    "decode(troupe::decoder&)`");
  static_assert(
    std::is_void_v<result_type> || has_wrong_codec<result_type> || encodable<result_type>,
    "troupe cannot encode the result of this function: make it an aggregate, specialize "
    "troupe::codec for it, or give it a CAF inspect()");
  static constexpr call_kind kind =
    result_traits<R>::is_awaitable ? call_kind::coroutine : call_kind::plain;
  using thunk = thunks<GetFunction, R, Ps...>;
  using parameters = std::tuple<storage_t<Ps>...>;

  // `auto`, so that clang looks at it where it is called from, and its messages name the line of the program.
  template <class... Args>
  static auto encode_arguments(bytes& out, Args&&... args) {
    static_assert(sizeof...(Args) == sizeof...(Ps),
      "the number of arguments is not the number of the function's parameters (a default "
      "argument is not known of a function that is called by its address: pass it as well)");
    if constexpr (sizeof...(Args) == sizeof...(Ps)) {
      encoder encode(out);
      (encode_argument<storage_t<Ps>>(encode, std::forward<Args>(args)), ...);
    }
  }

private:
  template <class Storage, class Arg>
  static auto encode_argument(encoder& encode, Arg&& arg) {
    using given = std::remove_cvref_t<Arg>;
    static_assert(std::is_convertible_v<Arg&&, Storage> || std::is_constructible_v<Storage, Arg&&>,
      "an argument cannot be converted to the function's parameter type");
    static_assert(!narrows<std::decay_t<given>, Storage>(),
      "an argument may not fit into the function's parameter type: if it does, say so with a "
      "static_cast to that type");
    if constexpr (std::same_as<given, Storage>) {
      encode(static_cast<const Storage&>(arg));
    } else {
      check_sign<Storage>(arg);
      encode(static_cast<const Storage&>(static_cast<Storage>(std::forward<Arg>(arg))));
    }
  }
};

template <class F>
concept has_one_call_operator = requires {
  &F::operator();
};

template <class Member>
struct call_operator;
template <class F, class R, class... Ps>
struct call_operator<R (F::*)(Ps...) const> {
  using base = callable_base<get_stateless<F>, R, Ps...>;
};
template <class F, class R, class... Ps>
struct call_operator<R (F::*)(Ps...)> : call_operator<R (F::*)(Ps...) const> {};
template <class F, class R, class... Ps>
struct call_operator<R (F::*)(Ps...) const noexcept> : call_operator<R (F::*)(Ps...) const> {};
template <class F, class R, class... Ps>
struct call_operator<R (F::*)(Ps...) noexcept> : call_operator<R (F::*)(Ps...) const> {};

template <class F>
inline constexpr bool is_std_function_v = type_name<F>().starts_with("std::function<");
template <class F>
inline constexpr bool is_std_bind_v = type_name<F>().starts_with("std::_Bind");

template <class F, class... Args>
struct lambda_callable {
  static_assert(std::is_class_v<F> || std::is_member_pointer_v<F>,
    "a task is a function, a captureless lambda or a coroutine");
  static_assert(!std::is_member_pointer_v<F>,
    "troupe cannot send a pointer to a member function: pass a lambda that calls it, such as "
    "[](Widget widget, int x) { return widget.run(x); }, and the object as its first argument");
  static_assert(!is_std_function_v<F>,
    "troupe cannot send a std::function, which hides what it calls: pass the function itself, "
    "or a lambda without captures");
  static_assert(!is_std_bind_v<F>,
    "troupe cannot send what std::bind returns: pass a lambda without captures, and the bound "
    "values as arguments");
  static_assert(
    !std::is_class_v<F> || std::is_empty_v<F> || is_std_function_v<F> || is_std_bind_v<F>,
    "troupe cannot send a lambda with captures, or an object with members, to another process: "
    "pass what it captures as arguments, such as [](int captured, int x) { ... } with captured "
    "and x");
  static_assert(!std::is_empty_v<F> || std::default_initializable<F>,
    "a function object must be default-constructible");
};

template <class F, class... Args>
requires(std::is_empty_v<F>&& std::default_initializable<F>&&
    has_one_call_operator<F>) struct lambda_callable<F, Args...>
  : call_operator<decltype(&F::operator())>::base {
  static call_code code(const F&) {
    using self = lambda_callable;
    return {self::thunk::place(), {}, self::kind};
  }
};

// A generic lambda: its parameters are what it is called with.
template <class F, class... Args>
requires(std::is_empty_v<F>&& std::default_initializable<F> &&
         !has_one_call_operator<F>) struct lambda_callable<F, Args...>
  : callable_base<get_stateless<F>, std::invoke_result_t<F, std::decay_t<Args>...>,
      std::decay_t<Args>...> {
  static call_code code(const F&) {
    using self = lambda_callable;
    return {self::thunk::place(), {}, self::kind};
  }
};

template <class F, class... Args>
struct callable : lambda_callable<F, Args...> {};

template <class R, class... Ps, class... Args>
struct callable<R (*)(Ps...), Args...> : callable_base<get_pointer<R (*)(Ps...)>, R, Ps...> {
  static call_code code(R (*function)(Ps...)) {
    using self = callable;
    return {self::thunk::place(), locate(function), self::kind};
  }
};

template <class R, class... Ps, class... Args>
struct callable<R (*)(Ps...) noexcept, Args...> : callable<R (*)(Ps...), Args...> {};

#ifdef __clang__ // where this is part of the type, of C functions such as `abort`
template <class R, class... Ps, class... Args>
struct callable<R(__attribute__((noreturn))*)(Ps...), Args...> : callable<R (*)(Ps...), Args...> {};
template <class R, class... Ps, class... Args>
struct callable<R(__attribute__((noreturn))*)(Ps...) noexcept, Args...>
  : callable<R (*)(Ps...), Args...> {};
#endif

template <class F, class... Args>
struct callable<blocking_function<F>, Args...> : callable<F, Args...> {
  static constexpr call_kind kind = call_kind::blocking;
  static call_code code(const blocking_function<F>& f) {
    call_code result = callable<F, Args...>::code(f.function);
    result.kind = kind;
    return result;
  }
};

template <class F, class... Args>
using callable_for = callable<std::decay_t<F>, Args...>;

template <class F, class... Args>
using result_of_t = typename callable_for<F, Args...>::result_type;

// -- names of functions -----------------------------------------------------------------------------

/// What is given in place of a function when nothing can be deduced: of an overloaded function's name, for example.
struct several_functions;

template <class F>
struct function_name {
  static_assert(!std::same_as<F, several_functions>,
    "it is not known which function is meant: if its name is that of several, or of a template, "
    "say which, as in static_cast<int (*)(int)>(f), or pass a lambda, such as [](int x) { return "
    "f(x); }; and give the type of an argument in braces");
  static constexpr bool is_of_one = true;
};

/// Whether an argument in the place of the function may be one.
template <class T>
inline constexpr bool may_be_function_v =
  std::is_function_v<std::remove_pointer_t<T>> || std::is_member_pointer_v<T>;
template <class T>
requires std::is_class_v<T>
inline constexpr bool may_be_function_v<T> =
  std::is_empty_v<T> || has_one_call_operator<T> || !encodable<T>;

template <class F>
inline constexpr bool may_be_function_v<blocking_function<F>> = true;

/// Whether options in braces, of which no type is deduced either, stand before the function, which is the first
/// of these arguments then.
template <class... Args>
inline constexpr bool follows_options_v = false;
template <class First, class... Rest>
inline constexpr bool follows_options_v<First, Rest...> = may_be_function_v<std::decay_t<First>>;

/// The type of one function. To constrain a parameter whose default is `several_functions`: if it comes to that, the
/// compiler gives the message above, which is better than its own.
template <class F, class... Args>
concept one_function = (!std::same_as<F, several_functions> ||
                        !follows_options_v<Args...>)&&function_name<F>::is_of_one;

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
