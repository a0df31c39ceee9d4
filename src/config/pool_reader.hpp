#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <troupe/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// The functions that a file can name.
struct named_functions {
  const task_registry& tasks;
  std::vector<std::string> modules; ///< in which others are looked for
};

/// Reads one `[pool.NAME]` table. `path` is "pool.NAME", printable.
configured_pool read_pool(std::string_view name, const toml::table& table, const std::string& path,
  const named_functions& names, config_problems& problems);

/// What is in force of a pool that was read without problems, those keys too that the table does not have.
std::vector<config_entry> entries_of_pool(
  const toml::table& table, const std::string& path, const config_problems& problems);

} // namespace troupe::detail
