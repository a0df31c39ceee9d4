#pragma once

#include <troupe/call.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>

// The checks of options that pools and processes share. `owner` says in the message whose option it is.
namespace troupe::parent {

/// Throws `std::invalid_argument` unless `value` is `least` to `most`.
template <class T>
void check_range(
  const char* name, T value, T least, T most, const char* unit = "", const char* owner = "pool") {
  const auto text = [&](T v) {
    if constexpr (std::is_arithmetic_v<T>)
      return std::to_string(v) + unit;
    else
      return std::to_string(v.count()) + unit;
  };
  if (value < least || value > most)
    throw std::invalid_argument(std::string(owner) + " option " + name + " is " + text(value) +
                                ", but must be " + text(least) + " to " + text(most));
}

/// Throws `std::invalid_argument` if `call` is not of a plain function.
void check_call(const char* name, const bound_call& call, const char* owner = "pool");

} // namespace troupe::parent
