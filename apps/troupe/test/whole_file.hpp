#pragma once

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// Writes a file so that it is there as a whole or not at all: beside it first, and then renamed. What is there and is no
/// regular file, such as /dev/stdout and other links, is written to instead. Throws `std::system_error`, with the name.
void write_whole_file(const std::string& path, std::string_view text);

/// What is in it; empty if it cannot be read.
std::string read_whole_file(const std::string& path);

} // namespace troupe_cli::test
