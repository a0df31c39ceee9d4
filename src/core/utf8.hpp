#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::detail {

/// The number of bytes of the first code point of `text`, or 0 if `text` is empty or does not start
/// with well-formed UTF-8 (The Unicode Standard, table 3-7).
std::size_t utf8_length(std::string_view text) noexcept;

} // namespace troupe::detail
