#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::detail {

/// The number of bytes of the first code point of `text`, or 0 if `text` is empty or does not start
/// with well-formed UTF-8 (The Unicode Standard, table 3-7).
std::size_t utf8_length(std::string_view text) noexcept;

/// The beginning of well-formed UTF-8, at most `bytes` of it, that cuts no code point in two.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes) noexcept;

} // namespace troupe::detail
