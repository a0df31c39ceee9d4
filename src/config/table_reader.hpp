#pragma once

#include "config/config_problems.hpp"
#include "config/pool_reader.hpp"
#include "config/toml_node.hpp"

#include <troupe/config.hpp>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace troupe::detail {

/// Calls `read(name, table, path)` for each table in `[GROUP]`.
void for_each_table(const toml::table& file, std::string_view group, config_problems& problems,
  const std::function<void(
    std::string_view name, const toml::table& table, const std::string& path)>& read);

/// What the tables of a configuration file say.
struct config_tables {
  std::map<std::string, configured_pool, std::less<>> pools;
  std::map<std::string, std::map<std::string, app_setting>, std::less<>> apps;
  std::vector<config_entry> entries;
};

/// Reads the parsed file. `names` are the functions that it can name, `groups` the tables that others read. What is
/// wrong with it goes into `problems`; the result is of use only if there are none.
config_tables read_tables(const toml::table& file, const named_functions& names,
  std::span<const std::string> groups, config_problems& problems);

} // namespace troupe::detail
