#include "config/pool_reader.hpp"

#include "config/duration_text.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/pool_keys.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::detail {

namespace {

using std::chrono::milliseconds;

std::string range_problem(
  const std::string& min, const std::string& max, const std::string& found) {
  return "must be " + min + " to " + max + ", is " + found;
}

std::string range_problem(const count_key& key, std::int64_t found) {
  const auto min = std::to_string(key.min);
  if (key.max == std::numeric_limits<std::size_t>::max())
    return "must be " + min + " or more, is " + std::to_string(found);
  return range_problem(min, std::to_string(key.max), std::to_string(found));
}

std::string missing_unit(const toml::node& found) {
  const auto number = found.value_exact<std::int64_t>();
  if (!number || *number < 0)
    return {};
  const auto digits = std::to_string(*number);
  return "; write \"" + digits + "s\" or \"" + digits + "ms\"";
}

// Reads the values of one pool. There is one `read` for each kind of key.
class pool_reader {
public:
  pool_reader(pool_options& options, config_problems& problems)
    : options_(options)
    , problems_(problems) {}

  void read_group(
    std::span<const pool_key> keys, const toml::table& table, const std::string& path);

private:
  void read(const count_key& key, const toml::node& node, const std::string& path);
  void read(const duration_key& key, const toml::node& node, const std::string& path);
  void read(const scheduler_key& key, const toml::node& node, const std::string& path);
  void read(const group_key& key, const toml::node& node, const std::string& path);

  void add_problem(const toml::node& node, const std::string& path, const std::string& problem) {
    problems_.add(position_of(node.source()), path, problem);
  }
  void add_type_problem(const toml::node& node, const std::string& path,
    const std::string& expected, const std::string& advice = {}) {
    add_problem(
      node, path, "expected " + expected + ", found " + std::string(type_name(node)) + advice);
  }

  pool_options& options_;
  config_problems& problems_;
};

void pool_reader::read_group(
  std::span<const pool_key> keys, const toml::table& table, const std::string& path) {
  for (auto&& [name, node] : table) {
    const auto key_path = path + '.' + key_for_message(name.str());
    const auto known = std::ranges::find(keys, name.str(), &pool_key::name);
    if (known == keys.end()) {
      std::vector<std::string_view> names;
      std::ranges::transform(keys, std::back_inserter(names), &pool_key::name);
      problems_.add(
        position_of(name.source()), key_path, "unknown key" + suggest_name(name.str(), names));
      continue;
    }
    std::visit([&, &value = node](const auto& key) { read(key, value, key_path); }, known->kind);
  }
}

void pool_reader::read(const count_key& key, const toml::node& node, const std::string& path) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number)
    add_type_problem(node, path, "an integer");
  else if (std::cmp_less(*number, key.min) || std::cmp_greater(*number, key.max))
    add_problem(node, path, range_problem(key, *number));
  else
    key.member(options_) = static_cast<std::size_t>(*number);
}

void pool_reader::read(const duration_key& key, const toml::node& node, const std::string& path) {
  const auto text = node.value_exact<std::string_view>();
  if (!text)
    return add_type_problem(node, path, "a duration like \"30s\"", missing_unit(node));
  const auto parsed = parse_duration(*text);
  if (const auto* problem = std::get_if<std::string>(&parsed))
    return add_problem(node, path, *problem);
  const auto duration = std::get<milliseconds>(parsed);
  if (duration < key.min || duration > key.max)
    return add_problem(node, path,
      range_problem(format_duration(key.min), format_duration(key.max), quoted_for_message(*text)));
  key.member(options_) = duration;
}

void pool_reader::read(const scheduler_key&, const toml::node& node, const std::string& path) {
  const auto name = node.value_exact<std::string_view>();
  if (!name)
    return add_type_problem(node, path, "a string");
  // The only name there is stands for the default. A scheduler must not be shared between pools, so
  // options that may be used for several of them leave it to each pool to make its own.
  if (std::ranges::find(scheduler_names(), *name) == scheduler_names().end())
    add_problem(node, path,
      "unknown scheduler " + quoted_for_message(*name) + suggest_name(*name, scheduler_names()));
}

void pool_reader::read(const group_key& key, const toml::node& node, const std::string& path) {
  if (const auto* table = node.as_table())
    read_group(key.keys(), *table, path);
  else
    add_type_problem(node, path, "a table");
}

void check_contradictions(const pool_options& options, const toml::table& table,
  const std::string& path, config_problems& problems) {
  if (options.processes == 0 || options.queuecount <= options.processes)
    return;
  const auto* queuecount = table.get("queuecount");
  const auto& source = queuecount ? queuecount->source() : table.source();
  problems.add(position_of(source), path + ".queuecount",
    "queue count must be <= process count (" + std::to_string(options.processes) + "), is " +
      std::to_string(options.queuecount));
}

} // namespace

pool_options read_pool(std::string_view name, const toml::table& table, const std::string& path,
  config_problems& problems) {
  pool_options options;
  options.name = name;
  pool_reader(options, problems).read_group(pool_keys(), table, path);
  check_contradictions(options, table, path, problems);
  return options;
}

} // namespace troupe::detail
