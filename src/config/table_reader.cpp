#include "config/table_reader.hpp"

#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/pool_reader.hpp"

#include <algorithm>
#include <array>

namespace troupe::detail {

namespace {

using app_settings = std::map<std::string, app_setting>;

app_settings read_app(
  const toml::table& table, const std::string& path, config_problems& problems) {
  app_settings settings;
  for (auto&& [key, node] : table) {
    if (auto value = scalar_of(node))
      settings[std::string(key.str())] = {
        std::move(*value), problems.locate(position_of(key.source()))};
    else
      problems.add(position_of(node.source()), path + '.' + key_for_message(key.str()),
        "expected a boolean, an integer, a float or a string, found " +
          std::string(type_name(node)));
  }
  return settings;
}

// Calls `read(name, table, path)` for each table in `[GROUP]`.
template <class Read>
void for_each_table(
  const toml::key& group, const toml::node& node, config_problems& problems, Read read) {
  const std::string prefix(group.str());
  const auto* tables = node.as_table();
  if (!tables)
    return problems.add(position_of(node.source()), prefix,
      "expected a table, found " + std::string(type_name(node)) + "; write [" + prefix + ".NAME]");
  for (auto&& [name, entry] : *tables) {
    const auto path = prefix + '.' + key_for_message(name.str());
    // A name appears in logs and errors.
    if (name.str().empty() || !is_printable(name.str()))
      problems.add(
        position_of(name.source()), path, "a name must be printable text, and not empty");
    else if (const auto* table = entry.as_table())
      read(name.str(), *table, path);
    else
      problems.add(position_of(name.source()), path,
        "expected a table, found " + std::string(type_name(entry)) + "; write [" + prefix +
          ".NAME]");
  }
}

} // namespace

config_tables read_tables(
  const toml::table& file, const task_registry& tasks, config_problems& problems) {
  static constexpr std::array<std::string_view, 2> group_names{"pool", "app"};
  config_tables result;
  const auto read_pool_table = [&](std::string_view name, const toml::table& table,
                                 const std::string& path) {
    result.pools.emplace(name, read_pool(name, table, path, tasks, problems));
  };
  const auto read_app_table = [&](std::string_view name, const toml::table& table,
                                const std::string& path) {
    result.apps.emplace(name, read_app(table, path, problems));
  };
  for (auto&& [key, node] : file) {
    if (key.str() == "pool")
      for_each_table(key, node, problems, read_pool_table);
    else if (key.str() == "app")
      for_each_table(key, node, problems, read_app_table);
    else
      problems.add(position_of(key.source()), key_for_message(key.str()),
        "unknown key" + suggest_name(key.str(), group_names));
  }
  return result;
}

} // namespace troupe::detail
