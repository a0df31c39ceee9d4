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

/// One argument as a file has it, and what errors say of it.
struct given_argument {
  const scalar& value;
  const std::string& task;
  std::size_t position; // from 1
};

// What the file has, if it is that, and the integer from `least` to `most`. They throw `std::invalid_argument`:
// "argument 2 of task "resize" must be an integer from 0 to 255".
bool flag_of(const given_argument& given);
std::string text_of(const given_argument& given);
std::int64_t integer_of(const given_argument& given, std::int64_t least, std::uint64_t most);
long double number_of(const given_argument& given);
[[noreturn]] void refuse_type(const given_argument& given);
[[noreturn]] void refuse_count(const std::string& task, std::size_t takes, std::size_t given);

template <class T>
T argument_from(const given_argument& given) {
  if constexpr (std::same_as<T, bool>) {
    return flag_of(given);
  } else if constexpr (std::same_as<T, std::string> || path_value<T>) {
    return text_of(given);
  } else if constexpr (std::integral<T>) {
    using limits = std::numeric_limits<T>; // T may be a character type
    return static_cast<T>(integer_of(
      given, static_cast<std::int64_t>(limits::min()), static_cast<std::uint64_t>(limits::max())));
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(number_of(given));
  } else {
    refuse_type(given);
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
      const auto& value = given[position++];
      out(argument_from<T>({value, task, position}));
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
  template <detail::one_function F = detail::several_functions>
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
