#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <troupe/config.hpp>

#include <map>
#include <string>

namespace troupe::detail {

/// What the tables of a configuration file say.
struct config_tables {
  std::map<std::string, configured_pool, std::less<>> pools;
  std::map<std::string, std::map<std::string, app_setting>, std::less<>> apps;
};

/// Reads the parsed file. `tasks` are the functions that it can name. What is wrong with it goes into
/// `problems`; the result is of use only if there are none.
config_tables read_tables(
  const toml::table& file, const task_registry& tasks, config_problems& problems);

} // namespace troupe::detail
