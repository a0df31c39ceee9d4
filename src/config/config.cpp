#include <troupe/config.hpp>

#include "config/open_config.hpp"

#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/pool_keys.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

namespace troupe {

std::vector<std::string> config::pool_names() const {
  std::vector<std::string> names;
  for (const auto& [name, pool] : pools_)
    names.push_back(name);
  return names;
}

pool_options config::pool(std::string_view name) const {
  if (const auto found = pools_.find(name); found != pools_.end()) {
    auto options = found->second.options;
    if (found->second.make_scheduler != nullptr)
      options.scheduler = found->second.make_scheduler();
    return options;
  }
  throw config_error(file_ + ": pool." + detail::key_for_message(name) + ": no such pool" +
                     detail::suggest_name(name, pool_names()));
}

const std::map<std::string, app_setting>& config::app(std::string_view name) const {
  static const std::map<std::string, app_setting> nothing;
  const auto found = apps_.find(name);
  return found == apps_.end() ? nothing : found->second;
}

config load_config(const std::filesystem::path& path, const task_registry& tasks) {
  config_options options;
  options.tasks = tasks;
  return config_file(path, options).finish();
}

namespace {

change_effect effect_of(std::string_view key_of_pool) {
  const auto keys = detail::pool_keys();
  const auto name = key_of_pool.substr(0, key_of_pool.find('.'));
  const auto found = std::ranges::find(keys, name, &detail::pool_key::name);
  return found == keys.end() ? change_effect::restart : found->change;
}

config_change change_of(std::string_view key, std::string_view value, std::string_view before,
  std::span<const std::string> pools) {
  config_change change;
  change.key = key;
  change.value = value;
  change.before = before;
  for (const auto& pool : pools)
    if (const auto prefix = "pool." + detail::key_for_message(pool) + '.';
        key.starts_with(prefix)) {
      change.pool = pool;
      change.effect = effect_of(key.substr(prefix.size()));
    }
  return change;
}

} // namespace

std::vector<config_change> changes(const config& before, const config& now) {
  auto pools = before.pool_names();
  const auto new_pools = now.pool_names();
  pools.insert(pools.end(), new_pools.begin(), new_pools.end());
  std::map<std::string_view, std::string_view> old;
  for (const auto& entry : before.entries())
    old.emplace(entry.key, entry.value);
  std::vector<config_change> result;
  for (const auto& entry : now.entries()) {
    const auto known = old.find(entry.key);
    const auto was = known == old.end() ? std::string_view() : known->second;
    if (known == old.end() || was != entry.value)
      result.push_back(change_of(entry.key, entry.value, was, pools));
    if (known != old.end())
      old.erase(known);
  }
  for (const auto& [key, value] : old)
    result.push_back(change_of(key, {}, value, pools));
  return result;
}

config_file::config_file(const std::filesystem::path& path, const config_options& options)
  : file_(std::make_shared<detail::open_config>(path, options)) {}

std::vector<config_table> config_file::tables(std::string_view group) {
  return file_->tables(group);
}

config_table config_file::top() {
  return file_->top();
}

std::vector<std::string> config_file::pool_names() const {
  return file_->pool_names();
}

std::vector<std::filesystem::path> config_file::modules() const {
  std::vector<std::filesystem::path> paths;
  for (const auto& module : file_->modules())
    paths.push_back(module.path);
  return paths;
}

std::string config_file::module_task(std::string_view pool, std::string_view key) const {
  return file_->module_task(pool, key);
}

void config_file::refuse_module(const std::filesystem::path& path, const std::string& problem) {
  const auto found = std::ranges::find(file_->modules(), path, &detail::config_module::path);
  file_->problems().add(
    found == file_->modules().end() ? detail::text_position() : found->where, "modules", problem);
}

void config_file::refuse_pool(
  std::string_view pool, std::string_view key, const std::string& problem) {
  file_->refuse_pool(pool, key, problem);
}

config config_file::finish() {
  return file_->finish();
}

} // namespace troupe
