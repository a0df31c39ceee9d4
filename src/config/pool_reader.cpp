#include "config/pool_reader.hpp"

#include "config/config_value.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"
#include "config/pool_keys.hpp"

#include <troupe/detail/json_value.hpp>
#include <troupe/module_host.hpp>

#include <algorithm>
#include <charconv>
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
  void read(const count_rule& key, const config_value& value);
  void read(const time_rule& key, const config_value& value);
  void read(const size_key& key, const config_value& value);
  void read(const flag_key& key, const config_value& value);
  void read(const scheduler_key& key, const config_value& value);
  void read(const choice_key& key, const config_value& value);
  void read(const call_key& key, const config_value& value);
  void read_module_call(const call_key& key, const config_value& value, const std::string& name);
  void read(const directory_key& key, const config_value& value);
  void read(const directories_key& key, const config_value& value);
  void read(const variables_key& key, const config_value& value);
  void read(const umask_key& key, const config_value& value);
  std::vector<std::string> read_texts(
    const config_value& value, problem_of_text (*problem_of)(const std::string&));
  void read(const group_key& key, const config_value& value);

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
    const config_value value{node, key_path, problems_};
    std::visit([&](const auto& key) { read(key, value); }, known->kind);
  }
}

void pool_reader::read(const count_rule& key, const config_value& value) {
  const auto number = value.integer();
  if (!number)
    return;
  const auto least = std::to_string(key.least);
  const auto found = std::to_string(*number);
  if (std::cmp_greater_equal(*number, key.least) && std::cmp_less_equal(*number, key.most))
    key.member(options_) = static_cast<std::size_t>(*number);
  else if (key.most == std::numeric_limits<std::size_t>::max())
    value.refuse("must be " + least + " or more, is " + found);
  else
    value.refuse_range(least, std::to_string(key.most), found);
}

void pool_reader::read(const time_rule& key, const config_value& value) {
  if (const auto duration = value.duration(key.least, key.most))
    key.member(options_) = *duration;
}

void pool_reader::read(const size_key& key, const config_value& value) {
  if (const auto size = value.size(key.rule.least, key.rule.most))
    key.rule.member(options_) = *size;
}

void pool_reader::read(const flag_key& key, const config_value& value) {
  if (const auto flag = value.flag())
    key.member(options_) = *flag;
}

void pool_reader::read(const scheduler_key&, const config_value& value) {
  if (const auto index = value.word("scheduler", scheduler_names()))
    pool_.make_scheduler = *index == 0 ? nullptr : scheduler_factory(*index);
}

void pool_reader::read(const choice_key& key, const config_value& value) {
  if (const auto index = value.word(key.what, key.words()))
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
void pool_reader::read(const call_key& key, const config_value& value) {
  const auto* name = name_of_call(value.node);
  if (name == nullptr)
    return value.refuse_type("the name of a task, or an array of it and its arguments");
  const auto& tasks = names_.tasks;
  if (!tasks.contains(*name) && !names_.modules.empty())
    return read_module_call(key, value, *name);
  std::vector<scalar> arguments;
  if (const auto* array = value.node.as_array())
    for (std::size_t i = 1; i < array->size(); ++i) {
      const auto& element = *array->get(i);
      auto argument = scalar_of(element);
      if (!argument)
        return config_value{element, value.path, problems_}.refuse_type(
          "a boolean, an integer, a float or a string");
      arguments.push_back(std::move(*argument));
    }
  if (!tasks.contains(*name)) {
    const auto names = tasks.names();
    return value.refuse(
      "unknown task " + quoted_for_message(*name) +
      (names.empty() ? "; the program has not named any" : suggest_name(*name, names)));
  }
  try {
    auto call = tasks.call(*name, arguments);
    if (call.code().kind != call_kind::plain)
      return value.refuse("task " + quoted_for_message(*name) + " must be a plain function");
    key.member(options_) = std::move(call);
  } catch (const std::invalid_argument& problem) {
    value.refuse(problem.what());
  }
}

// Arguments as JSON: of several an array, and of one the value itself, as the task takes it.
void pool_reader::read_module_call(
  const call_key& key, const config_value& value, const std::string& name) {
  std::string arguments;
  const auto* array = value.node.as_array();
  const auto count = array ? array->size() - 1 : 0;
  try {
    for (std::size_t i = 1; i <= count; ++i)
      arguments += (i > 1 ? ", " : "") + json_text_of(*array->get(i));
  } catch (const json_error& problem) {
    return value.refuse(problem.what());
  }
  if (count != 1)
    arguments = '[' + arguments + ']';
  key.member(options_) = load_modules(names_.modules, name, arguments);
  pool_.module_tasks.emplace(value.path.substr(value.path.rfind('.') + 1), name);
}

void pool_reader::read(const directory_key& key, const config_value& value) {
  const auto text = value.text();
  if (!text)
    return;
  key.member(options_) = *text;
  if (const auto problem = problem_of_directory(key.member(options_)))
    value.refuse(*problem + ", is " + quoted_for_message(*text));
}

void pool_reader::read(const directories_key& key, const config_value& value) {
  key.member(options_) = read_texts(value, problem_of_directory);
}

void pool_reader::read(const variables_key&, const config_value& value) {
  options_.environment = read_texts(value, problem_of_variable);
}

std::vector<std::string> pool_reader::read_texts(
  const config_value& value, problem_of_text (*problem_of)(const std::string&)) {
  std::vector<std::string> result;
  for (const auto* text : value.texts())
    if (const auto problem = problem_of(text->get()))
      config_value{*text, value.path, problems_}.refuse(
        *problem + ", is " + quoted_for_message(text->get()));
    else
      result.push_back(text->get());
  return result;
}

void pool_reader::read(const umask_key&, const config_value& value) {
  const auto text = value.text();
  if (!text)
    return;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number, 8);
  if (error != std::errc() || end != text->data() + text->size() || number > most_umask)
    value.refuse("must be octal digits, \"000\" to \"777\", is " + quoted_for_message(*text));
  else
    options_.umask = number;
}

void pool_reader::read(const group_key& key, const config_value& value) {
  if (const auto* table = value.node.as_table())
    read_group(key.keys(), *table, value.path);
  else
    value.refuse_type("a table");
}

// Whether a key of the sandbox asks for anything.
bool is_set(const toml::node& node) {
  if (const auto* array = node.as_array())
    return !array->empty();
  return node.value_or(true);
}

void check_contradictions(const pool_options& options, const toml::table& table,
  const std::string& path, config_problems& problems) {
  if (options.sandbox == sandbox::none)
    for (const auto* key : {"sockets", "writable_directories"})
      if (const auto* node = table.get(key); node != nullptr && is_set(*node))
        problems.add(position_of(node->source()), path + '.' + key,
          "is for a sandbox: set sandbox = \"guarded\", or leave it out");
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
