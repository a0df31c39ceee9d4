#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <filesystem>
#include <vector>

namespace troupe::detail {

/// A module that a file names.
struct config_module {
  std::filesystem::path path; ///< from where the file lies
  text_position where;
};

/// What a file and those that it includes say, together.
struct config_sources {
  toml::table entries; ///< without `include` and `modules`
  std::vector<config_module> modules;
};

/// Reads a file and what it includes. Throws `config_error` if the file itself cannot be read; what else is wrong goes
/// into `problems`. Without modules, `modules` is a key as any other.
config_sources read_config_sources(
  const std::filesystem::path& path, bool with_modules, config_problems& problems);

} // namespace troupe::detail
