#pragma once

#include "config/config_sources.hpp"
#include "config/config_value.hpp"
#include "config/table_reader.hpp"

#include <troupe/config.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// A file that is being read: what it says, what is wrong with it, and what has been asked for.
class open_config {
public:
  open_config(const std::filesystem::path& path, const config_options& options);

  std::vector<config_table> tables(std::string_view group);
  config_table top() { return open_inner({}, {}, sources_.entries); }
  std::vector<std::string> pool_names() const;
  const std::vector<config_module>& modules() const noexcept { return sources_.modules; }
  std::string module_task(std::string_view pool, std::string_view key) const;
  void refuse_pool(std::string_view pool, std::string_view key, const std::string& problem);
  config finish();

  config_problems& problems() noexcept { return problems_; }
  void add_entry(std::string key, std::string value, std::string origin) {
    tables_.entries.push_back({std::move(key), std::move(value), std::move(origin)});
  }
  config_table open_inner(std::string name, std::string path, const toml::table&);

private:
  std::string file_;
  config_problems problems_;
  config_sources sources_;
  std::vector<std::string> groups_; // of the program
  config_tables tables_;
  std::vector<std::shared_ptr<open_table>> opened_;
};

/// A table of the program's own, of which keys are asked for.
class open_table {
public:
  open_table(open_config& file, std::string name, std::string path, const toml::table& table)
    : file_(file)
    , name_(std::move(name))
    , path_(std::move(path))
    , table_(table) {}

  const std::string& name() const noexcept { return name_; }
  const std::string& path() const noexcept { return path_; }
  const toml::table& table() const noexcept { return table_; }

  /// The value of a key, which is known from now on. If there is none `otherwise` is in force, if it is not empty.
  std::optional<config_value> ask(std::string_view key, const std::string& otherwise = {});
  /// At the value of the key, or at the table.
  void refuse(std::string_view key, const std::string& problem);
  /// Finds the keys that nobody has asked for.
  void close();
  config_table inner(std::string_view key, const toml::table& table);
  /// One of the array of that key, with its number.
  config_table inner(std::string_view key, std::size_t number, const toml::table& table);

private:
  std::string path_of(std::string_view key) const;

  open_config& file_;
  std::string name_;
  std::string path_;
  const toml::table& table_;
  std::set<std::string, std::less<>> asked_;
};

} // namespace troupe::detail
