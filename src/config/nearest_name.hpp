#pragma once

#include <span>
#include <string>
#include <string_view>

namespace troupe::detail {

/// The name that `typed` is probably meant to be: the one with the fewest typing errors between
/// them, if these are few for its length. Empty if there is none.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names);

/// What an error message says after "unknown ...": "; did you mean ...?", or else what there is.
std::string suggest_name(std::string_view typed, std::span<const std::string_view> names);
std::string suggest_name(std::string_view typed, std::span<const std::string> names);

} // namespace troupe::detail
