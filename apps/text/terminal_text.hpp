#pragma once

#include <string>
#include <string_view>

namespace text {

/// `text`, which may come from anywhere, as one line that is safe to print: control characters,
/// those that reverse the direction of writing, and bytes that are not UTF-8 become "\xNN".
std::string printable(std::string_view text);

} // namespace text
