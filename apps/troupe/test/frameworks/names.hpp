#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli::test {

/// The name of a source file without folders and ending: the suite of a case that its framework puts in none.
std::string file_stem(std::string_view file);

/// `text` with a backslash before each character that is in `special`.
std::string escaped(std::string_view text, std::string_view special);

/// The lines of `text`, without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

/// The parts of `text` between separators; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` without white space at both ends.
std::string_view trimmed(std::string_view text);

/// Reads the number at the end of "file(12)" or "file:12" and cuts it off; 0 if there is none.
unsigned cut_line_number(std::string_view& text);

} // namespace troupe_cli::test
