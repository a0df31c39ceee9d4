#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <troupe/pool_options.hpp>

#include <string>
#include <string_view>

namespace troupe::detail {

/// Reads one `[pool.NAME]` table. `path` is "pool.NAME", printable.
pool_options read_pool(std::string_view name, const toml::table& table, const std::string& path,
  config_problems& problems);

} // namespace troupe::detail
