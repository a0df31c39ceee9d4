#include "config/pool_reader.hpp"

#include "config/duration_text.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"
#include "config/pool_keys.hpp"
#include "config/size_text.hpp"

#include <troupe/detail/json_value.hpp>
#include <troupe/module_host.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
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

std::string range_problem(const count_rule& key, std::int64_t found) {
  const auto min = std::to_string(key.least);
  if (key.most == std::numeric_limits<std::size_t>::max())
    return "must be " + min + " or more, is " + std::to_string(found);
  return range_problem(min, std::to_string(key.most), std::to_string(found));
}

// Reads the values of one pool. There is one `read` for each kind of key.
class pool_reader {
public:
  pool_reader(configured_pool& pool, const named_functions& names, config_problems& problems)
    : pool_(pool)
    , options_(pool.options)
    , names_(names)
    , problems_(problems) {}

  void read_group(
    std::span<const pool_key> keys, const toml::table& table, const std::string& path);

private:
  void read(const count_rule& key, const toml::node& node, const std::string& path);
  void read(const time_rule& key, const toml::node& node, const std::string& path);
  void read(const size_key& key, const toml::node& node, const std::string& path);
  void read(const flag_key& key, const toml::node& node, const std::string& path);
  void read(const scheduler_key& key, const toml::node& node, const std::string& path);
  void read(const choice_key& key, const toml::node& node, const std::string& path);
  void read(const call_key& key, const toml::node& node, const std::string& path);
  void read_module_call(
    const call_key& key, const toml::node& node, const std::string& path, const std::string& name);
  void read(const group_key& key, const toml::node& node, const std::string& path);

  void add_problem(const toml::node& node, const std::string& path, const std::string& problem) {
    problems_.add(position_of(node.source()), path, problem);
  }
  void add_type_problem(const toml::node& node, const std::string& path,
    const std::string& expected, const std::string& advice = {}) {
    add_problem(
      node, path, "expected " + expected + ", found " + std::string(type_name(node)) + advice);
  }

  // The place of the word among those that are valid.
  std::optional<std::size_t> read_word(std::string_view what,
    std::span<const std::string_view> words, const toml::node& node, const std::string& path);

  configured_pool& pool_;
  pool_options& options_;
  const named_functions& names_;
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

void pool_reader::read(const count_rule& key, const toml::node& node, const std::string& path) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number)
    add_type_problem(node, path, "an integer");
  else if (std::cmp_less(*number, key.least) || std::cmp_greater(*number, key.most))
    add_problem(node, path, range_problem(key, *number));
  else
    key.member(options_) = static_cast<std::size_t>(*number);
}

void pool_reader::read(const time_rule& key, const toml::node& node, const std::string& path) {
  const auto text = node.value_exact<std::string_view>();
  if (!text)
    return add_type_problem(node, path, "a duration like \"30s\"", missing_unit(node));
  const auto parsed = parse_duration(*text);
  if (const auto* problem = std::get_if<std::string>(&parsed))
    return add_problem(node, path, *problem);
  const auto duration = std::get<milliseconds>(parsed);
  if (duration < key.least || duration > key.most)
    return add_problem(node, path,
      range_problem(
        format_duration(key.least), format_duration(key.most), quoted_for_message(*text)));
  key.member(options_) = duration;
}

void pool_reader::read(const size_key& key, const toml::node& node, const std::string& path) {
  const auto text = node.value_exact<std::string_view>();
  if (!text) {
    const auto number = node.value_exact<std::int64_t>();
    if (number && *number == 0)
      key.rule.member(options_) = 0;
    else
      add_type_problem(node, path, "a size like \"512MiB\"", missing_size_unit(node));
    return;
  }
  const auto parsed = parse_size(*text);
  if (const auto* problem = std::get_if<std::string>(&parsed))
    add_problem(node, path, *problem);
  else
    key.rule.member(options_) = std::get<std::uint64_t>(parsed);
}

void pool_reader::read(const flag_key& key, const toml::node& node, const std::string& path) {
  if (const auto flag = node.value_exact<bool>())
    key.member(options_) = *flag;
  else
    add_type_problem(node, path, "a boolean");
}

std::optional<std::size_t> pool_reader::read_word(std::string_view what,
  std::span<const std::string_view> words, const toml::node& node, const std::string& path) {
  const auto word = node.value_exact<std::string_view>();
  if (!word) {
    add_type_problem(node, path, "a string");
    return std::nullopt;
  }
  const auto found = std::ranges::find(words, *word);
  if (found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  add_problem(node, path,
    "unknown " + std::string(what) + " " + quoted_for_message(*word) + suggest_name(*word, words));
  return std::nullopt;
}

void pool_reader::read(const scheduler_key&, const toml::node& node, const std::string& path) {
  if (const auto index = read_word("scheduler", scheduler_names(), node, path))
    pool_.make_scheduler = *index == 0 ? nullptr : scheduler_factory(*index);
}

void pool_reader::read(const choice_key& key, const toml::node& node, const std::string& path) {
  if (const auto index = read_word(key.what, key.words(), node, path))
    key.choose(options_, *index);
}

// The name of the function that an initializer calls; null if there is none.
const std::string* name_of_call(const toml::node& node) {
  const auto* array = node.as_array();
  const auto* first = array ? array->get(0) : &node;
  const auto* name = first ? first->as_string() : nullptr;
  return name ? &name->get() : nullptr;
}

// "name", or ["name", arguments...].
void pool_reader::read(const call_key& key, const toml::node& node, const std::string& path) {
  const auto* name = name_of_call(node);
  if (name == nullptr)
    return add_type_problem(node, path, "the name of a task, or an array of it and its arguments");
  const auto& tasks = names_.tasks;
  if (!tasks.contains(*name) && !names_.modules.empty())
    return read_module_call(key, node, path, *name);
  std::vector<scalar> arguments;
  if (const auto* array = node.as_array())
    for (std::size_t i = 1; i < array->size(); ++i) {
      const auto& element = *array->get(i);
      auto argument = scalar_of(element);
      if (!argument)
        return add_type_problem(element, path, "a boolean, an integer, a float or a string");
      arguments.push_back(std::move(*argument));
    }
  if (!tasks.contains(*name)) {
    const auto names = tasks.names();
    return add_problem(node, path,
      "unknown task " + quoted_for_message(*name) +
        (names.empty() ? "; the program has not named any" : suggest_name(*name, names)));
  }
  try {
    auto call = tasks.call(*name, arguments);
    if (call.code().kind != call_kind::plain)
      return add_problem(
        node, path, "task " + quoted_for_message(*name) + " must be a plain function");
    key.member(options_) = std::move(call);
  } catch (const std::invalid_argument& problem) {
    add_problem(node, path, problem.what());
  }
}

// Arguments as JSON: of several an array, and of one the value itself, as the task takes it.
void pool_reader::read_module_call(
  const call_key& key, const toml::node& node, const std::string& path, const std::string& name) {
  std::string arguments;
  const auto* array = node.as_array();
  const auto count = array ? array->size() - 1 : 0;
  try {
    for (std::size_t i = 1; i <= count; ++i)
      arguments += (i > 1 ? ", " : "") + json_text_of(*array->get(i));
  } catch (const json_error& problem) {
    return add_problem(node, path, problem.what());
  }
  if (count != 1)
    arguments = '[' + arguments + ']';
  key.member(options_) = load_modules(names_.modules, name, arguments);
  pool_.module_tasks.emplace(path.substr(path.rfind('.') + 1), name);
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

configured_pool read_pool(std::string_view name, const toml::table& table, const std::string& path,
  const named_functions& names, config_problems& problems) {
  configured_pool pool;
  pool.options.name = name;
  if (!names.modules.empty())
    pool.options.initializer = load_modules(names.modules);
  pool_reader(pool, names, problems).read_group(pool_keys(), table, path);
  check_contradictions(pool.options, table, path, problems);
  return pool;
}

} // namespace troupe::detail
