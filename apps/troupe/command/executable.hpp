#pragma once

#include <string>

namespace troupe_cli {

/// Where the program `name` is: `name` itself if it has a slash, else the first file in the folders of `path` (as PATH
/// has them) that may be executed; a file that may not, if there is no other; and nothing if there is none at all. Remembers what it has found, for as long
/// as that may be executed. For one thread.
std::string find_executable(const std::string& name, const std::string& path);

} // namespace troupe_cli
