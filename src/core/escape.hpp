#pragma once

#include <string>
#include <string_view>

namespace troupe::core {

/// Text from another process, made safe for a terminal: control characters become \xNN, except that
/// newlines and tabs stay. UTF-8 passes through, but for the C1 controls.
std::string escape(std::string_view text);

} // namespace troupe::core
