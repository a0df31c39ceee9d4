#pragma once

#include <filesystem>
#include <string>

namespace troupe::detail {

/// Reads the whole of a regular file of at most 1 MiB. Throws `config_error` if that is not what
/// `path` is; never blocks, whatever it is, and never reads much more.
std::string read_config_file(const std::filesystem::path& path);

} // namespace troupe::detail
