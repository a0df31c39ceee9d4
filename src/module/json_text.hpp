#pragma once

#include <troupe/detail/json_value.hpp>

#include <string_view>

namespace troupe::detail {

/// "a string", "an array", ...
std::string_view kind_name(json_value::kind kind);

} // namespace troupe::detail
