#pragma once

#include <string>
#include <string_view>

namespace troupe::base {

/// Text from another process, made safe for a terminal: control characters, but for newlines and tabs, and
/// bytes that are not UTF-8 become \xNN.
std::string escape(std::string_view text);

} // namespace troupe::base
