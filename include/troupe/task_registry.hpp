#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/compiler.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

/// A value as a configuration file has it.
using scalar = std::variant<bool, std::int64_t, double, std::string>;

namespace detail {

/// "argument 2 of task "resize" must be an integer from 0 to 255": throws `std::invalid_argument`.
[[noreturn]] void refuse_argument(
  const std::string& task, std::size_t position, const std::string& must);
[[noreturn]] void refuse_count(const std::string& task, std::size_t takes, std::size_t given);

/// Whether a T can have that value; T may be a character type.
template <std::integral T>
constexpr bool can_hold(std::int64_t value) noexcept {
  using limits = std::numeric_limits<T>;
  if constexpr (std::signed_integral<T>)
    return value >= limits::min() && value <= limits::max();
  else
    return value >= 0 && static_cast<std::uint64_t>(value) <= limits::max();
}

template <class T>
T argument_from(const std::string& task, std::size_t position, const scalar& given) {
  if constexpr (std::same_as<T, bool> || std::same_as<T, std::string>) {
    if (const auto* value = std::get_if<T>(&given))
      return *value;
    refuse_argument(task, position, std::same_as<T, bool> ? "be true or false" : "be a string");
  } else if constexpr (std::integral<T>) {
    const auto* value = std::get_if<std::int64_t>(&given);
    if (value != nullptr && can_hold<T>(*value))
      return static_cast<T>(*value);
    refuse_argument(task, position,
      "be an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
        std::to_string(std::numeric_limits<T>::max()));
  } else if constexpr (std::floating_point<T>) {
    if (const auto* value = std::get_if<double>(&given))
      return static_cast<T>(*value);
    if (const auto* whole = std::get_if<std::int64_t>(&given))
      return static_cast<T>(*whole);
    refuse_argument(task, position, "be a number");
  } else if constexpr (path_value<T>) {
    return argument_from<std::string>(task, position, given);
  } else {
    refuse_argument(task, position,
      "come from code: its type is none of bool, integer, floating-point number, string and path");
  }
}

template <class Parameters>
struct scalar_binder;

template <class... Ts>
struct scalar_binder<std::tuple<Ts...>> {
  static bound_call bind(
    const call_code& code, const std::string& task, std::span<const scalar> given) {
    if (given.size() != sizeof...(Ts))
      refuse_count(task, sizeof...(Ts), given.size());
    bytes encoded;
    [[maybe_unused]] encoder out(encoded);
    [[maybe_unused]] std::size_t position = 0;
    [[maybe_unused]] const auto next = [&]<class T>(const T*) {
      const auto at = position++;
      const T value = argument_from<T>(task, at + 1, given[at]);
      out(value);
    };
    (next(static_cast<const Ts*>(nullptr)), ...);
    return bound_call(code, std::move(encoded));
  }
};

} // namespace detail

/// Functions that have names, for those who cannot name them by code: configuration files name the
/// initializer of a pool, for example. Where code calls a function it needs no name.
///
///     troupe::task_registry tasks;
///     tasks.add("connect", connect).add("resize", troupe::blocking(resize));
///     troupe::runtime rt{argc, argv, {.tasks = tasks}};
///
/// A value. Concurrent calls of const functions are safe.
class task_registry {
public:
  /// Gives a function a name: a plain function, a captureless lambda that is not generic, a coroutine, or
  /// `blocking(f)`. Throws `std::invalid_argument` for an empty name, and one that is taken.
  template <class F>
  task_registry& add(std::string name, F&& f) {
    using callable = detail::callable_for<F>;
    return insert({std::move(name), callable::code(f),
      &detail::scalar_binder<typename callable::parameters>::bind});
  }

  /// Sorted.
  std::vector<std::string> names() const;
  bool contains(std::string_view name) const;

  /// A call of the function `name` with these arguments. Integers and characters (by their numbers),
  /// floating-point numbers, bool, `std::string` and `std::filesystem::path` can be given; an integer is
  /// also a floating-point number. Throws `std::invalid_argument` if there is no such name, and if the
  /// arguments are not those that the function takes.
  bound_call call(std::string_view name, std::span<const scalar> arguments = {}) const;

private:
  struct entry {
    std::string name;
    detail::call_code code;
    bound_call (*bind)(const detail::call_code&, const std::string&, std::span<const scalar>);
  };

  task_registry& insert(entry task);
  /// Where the task of that name is, or would be.
  std::vector<entry>::const_iterator find(std::string_view name) const;

  std::vector<entry> tasks_; // sorted by name
};

} // namespace troupe

#pragma GCC visibility pop
