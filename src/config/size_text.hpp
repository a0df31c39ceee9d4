#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::detail {

/// Reads a size as configuration files write it: a whole number and one of the units B, KiB, MiB, GiB and TiB, or kB,
/// MB, GB and TB of powers of 1000, without anything between. Gives the bytes, or what is wrong with `text`. A number
/// that is too large gives the largest there is: that is for the range of the option to judge.
std::variant<std::uint64_t, std::string> parse_size(std::string_view text);

/// Writes a size in the largest of the binary units in which it is a whole number.
std::string format_size(std::uint64_t bytes);

} // namespace troupe::detail
