#pragma once

#include <cstdint>
#include <tuple>

namespace troupe::detail {

/// A place in a text file. Both count from 1; a column is one code point.
struct text_position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  bool operator<(const text_position& other) const {
    return std::tie(line, column) < std::tie(other.line, other.column);
  }
};

} // namespace troupe::detail
