#include "config/table_reader.hpp"

#include "config/config_value.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"

#include <algorithm>

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
      config_value{node, path + '.' + key_for_message(key.str()), problems}.refuse_type(
        "a boolean, an integer, a float or a string");
  }
  return settings;
}

} // namespace

void for_each_table(const toml::table& file, std::string_view group, config_problems& problems,
  const std::function<void(
    std::string_view name, const toml::table& table, const std::string& path)>& read) {
  const auto* const node = file.get(group);
  if (node == nullptr)
    return;
  const std::string prefix(group);
  const auto* tables = node->as_table();
  if (!tables)
    return problems.add(position_of(node->source()), prefix,
      "expected a table, found " + std::string(type_name(*node)) + "; write [" + prefix + ".NAME]");
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

config_tables read_tables(const toml::table& file, const named_functions& names,
  std::span<const std::string> groups, config_problems& problems) {
  std::vector<std::string_view> known{"pool", "app", "include", "modules"};
  known.insert(known.end(), groups.begin(), groups.end());
  for (auto&& [key, node] : file)
    if (std::ranges::find(known, key.str()) == known.end())
      problems.add(position_of(key.source()), key_for_message(key.str()),
        "unknown key" + suggest_name(key.str(), known));
  config_tables result;
  for_each_table(file, "pool", problems,
    [&](std::string_view name, const toml::table& table, const std::string& path) {
      result.pools.emplace(name, read_pool(name, table, path, names, problems));
      for (auto& entry : entries_of_pool(table, path, problems))
        result.entries.push_back(std::move(entry));
    });
  for_each_table(file, "app", problems,
    [&](std::string_view name, const toml::table& table, const std::string& path) {
      result.apps.emplace(name, read_app(table, path, problems));
      for (auto&& [key, node] : table)
        result.entries.push_back({path + '.' + key_for_message(key.str()), toml_text(node),
          problems.locate(position_of(node.source()))});
    });
  return result;
}

} // namespace troupe::detail
