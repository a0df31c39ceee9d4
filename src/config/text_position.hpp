#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::detail {

/// A place in a text file. Both count from 1; a column is one code point.
struct text_position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  /// The printable name of the file; null: that which was asked for.
  std::shared_ptr<const std::string> file{};
};

} // namespace troupe::detail
