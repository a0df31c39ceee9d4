#pragma once

#include <compare>
#include <cstdint>

namespace troupe::detail {

/// A place in a text file. Both count from 1; a column is one code point.
struct text_position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  auto operator<=>(const text_position&) const = default;
};

} // namespace troupe::detail
