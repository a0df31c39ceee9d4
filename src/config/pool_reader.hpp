#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <troupe/config.hpp>

#include <string>
#include <string_view>

namespace troupe::detail {

/// Reads one `[pool.NAME]` table. `path` is "pool.NAME", printable.
configured_pool read_pool(std::string_view name, const toml::table& table, const std::string& path,
  const task_registry& tasks, config_problems& problems);

} // namespace troupe::detail
