#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli {

/// As a word of a shell: what is harmless as it is, everything else in single quotes.
std::string shell_quoted(std::string_view text);
/// Several, with spaces between.
std::string shell_line(const std::vector<std::string>& words);

} // namespace troupe_cli
