#pragma once

#include <troupe/detail/compiler.hpp>

#include <string_view>

#pragma GCC visibility push(default)

// How types of the standard library are recognized whose headers troupe does not include for their sake: each
// of those would cost every file that includes troupe time and memory, and whoever has such a type has its header.
namespace troupe::detail {

/// The name of a type as the compiler writes it.
template <class T>
consteval std::string_view type_name() {
  // "... [with T = std::map<int, int>; ...]" by g++, "... [T = std::map<int, int>]" by clang.
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  return text;
}

template <class T>
concept declared_in_std = type_name<T>()
.starts_with("std::");

} // namespace troupe::detail

#pragma GCC visibility pop
