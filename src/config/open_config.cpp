#include "config/open_config.hpp"

#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"
#include "config/overrides.hpp"

#include <algorithm>

#include <unistd.h> // environ

namespace troupe::detail {

open_config::open_config(const std::filesystem::path& path, const config_options& options)
  : file_(file_for_message(path.native()))
  , problems_(file_)
  , sources_(read_config_sources(path, !options.own, problems_))
  , groups_(options.groups) {
  if (!problems_.empty())
    return; // what could not be parsed, or merged, would be missed everywhere
  if (options.own)
    return;
  auto all_groups = groups_;
  all_groups.insert(all_groups.end(), {"pool", "app"});
  apply_environment(sources_.entries, all_groups, environ, problems_);
  apply_assignments(sources_.entries, all_groups, options.assignments, problems_);
  std::vector<std::string> modules;
  for (const auto& module : sources_.modules)
    modules.push_back(module.path.string());
  tables_ = read_tables(sources_.entries, {options.tasks, std::move(modules)}, groups_, problems_);
}

std::vector<config_table> open_config::tables(std::string_view group) {
  std::vector<config_table> result;
  for_each_table(sources_.entries, group, problems_,
    [&](std::string_view name, const toml::table& table, const std::string& path) {
      result.push_back(open_inner(std::string(name), path, table));
    });
  return result;
}

config_table open_config::open_inner(std::string name, std::string path, const toml::table& table) {
  opened_.push_back(std::make_shared<open_table>(*this, std::move(name), std::move(path), table));
  return config_table(opened_.back());
}

std::vector<std::string> open_config::pool_names() const {
  std::vector<std::string> names;
  for (const auto& [name, pool] : tables_.pools)
    names.push_back(name);
  return names;
}

std::string open_config::module_task(std::string_view pool, std::string_view key) const {
  const auto found = tables_.pools.find(pool);
  if (found == tables_.pools.end())
    return {};
  const auto task = found->second.module_tasks.find(key);
  return task == found->second.module_tasks.end() ? std::string() : task->second;
}

void open_config::refuse_pool(
  std::string_view pool, std::string_view key, const std::string& problem) {
  text_position where;
  if (const auto* const node = sources_.entries["pool"][pool][key].node())
    where = position_of(node->source());
  problems_.add(where, "pool." + key_for_message(pool) + '.' + key_for_message(key), problem);
}

config open_config::finish() {
  for (const auto& table : opened_)
    table->close();
  opened_.clear();
  problems_.throw_if_any();
  config result;
  result.file_ = file_;
  result.pools_ = std::move(tables_.pools);
  result.apps_ = std::move(tables_.apps);
  result.entries_ = std::move(tables_.entries);
  for (auto& module : sources_.modules)
    result.modules_.push_back(std::move(module.path));
  return result;
}

// -- one table ------------------------------------------------------------------------------------------

std::string open_table::path_of(std::string_view key) const {
  return (path_.empty() ? std::string() : path_ + '.') + key_for_message(key);
}

std::optional<config_value> open_table::ask(std::string_view key, const std::string& otherwise) {
  const bool first = asked_.emplace(key).second;
  const auto* const node = table_.get(key);
  auto& problems = file_.problems();
  if (first && problems.empty() && !(node && node->is_table())) {
    if (node != nullptr)
      file_.add_entry(path_of(key), toml_text(*node), problems.locate(position_of(node->source())));
    else if (!otherwise.empty())
      file_.add_entry(path_of(key), otherwise, "default");
  }
  if (node == nullptr)
    return std::nullopt;
  return config_value{*node, path_of(key), problems};
}

void open_table::refuse(std::string_view key, const std::string& problem) {
  const auto* const node = key.empty() ? nullptr : table_.get(key);
  file_.problems().add(position_of(node ? node->source() : table_.source()),
    key.empty() ? path_ : path_of(key), problem);
}

void open_table::close() {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (auto&& [key, node] : table_)
    if (!asked_.contains(key.str()))
      file_.problems().add(position_of(key.source()), path_of(key.str()),
        "unknown key" + suggest_name(key.str(), known));
}

config_table open_table::inner(std::string_view key, const toml::table& table) {
  return file_.open_inner(std::string(key), path_of(key), table);
}

config_table open_table::inner(std::string_view key, std::size_t number, const toml::table& table) {
  const auto name = std::to_string(number);
  return file_.open_inner(name, path_of(key) + '[' + name + ']', table);
}

} // namespace troupe::detail
