#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::detail {

/// Reads a duration as configuration files write it: a whole number and one of the units ms, s, m
/// and h, without anything between. Gives the duration, or what is wrong with `text`. A number that
/// is too large gives the longest duration there is, a negative one a negative duration: that is
/// for the range of the option to judge.
std::variant<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

/// Writes a duration in the largest unit in which it is a whole number.
std::string format_duration(std::chrono::milliseconds duration);

} // namespace troupe::detail
