#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <span>
#include <string>
#include <string_view>

namespace troupe::detail {

/// Puts what the environment says in the place of what the files say: `TROUPE_POOL_WEB_PROCESSES=4` is
/// `pool.web.processes`. `groups` are "pool", "job", ...: in which tables it looks.
void apply_environment(toml::table& entries, std::span<const std::string> groups,
  const char* const* environment, config_problems& problems);

/// The same for assignments of the command line: "pool.web.processes=4".
void apply_assignments(toml::table& entries, std::span<const std::string> groups,
  std::span<const std::string> assignments, config_problems& problems);

} // namespace troupe::detail
