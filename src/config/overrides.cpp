#include "config/overrides.hpp"

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/text_check.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace troupe::detail {

namespace {

constexpr std::string_view command_line_name = "command line";

// "pages-2" is PAGES_2 in the name of a variable.
std::string for_variable(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += letter ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// In quotation marks, for the parser.
std::string quoted_for_toml(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7F)
      ((out += "\\u00") += digits[byte >> 4]) += digits[byte & 15];
    else
      out += c;
  }
  return out + '"';
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

// `key = value` as a table with the name of its source. A value is what TOML takes it for, if that is a number, a flag,
// an array, a table or a string in quotation marks; anything else is a string as it stands.
toml::table entry_of(std::string_view key, std::string_view value, const std::string& source) {
  const auto start = quoted_for_toml(key) + " = ";
  const bool one_line = value.find_first_of("\r\n") == std::string_view::npos;
  if (const auto line = start + std::string(value); one_line && !find_text_problem(line)) {
    try {
      auto table = toml::parse(line, source);
      if (table.size() == 1 && !table.begin()->second.is_date() &&
          !table.begin()->second.is_time() && !table.begin()->second.is_date_time())
        return table;
    } catch (const toml::parse_error&) {
      // it is a string
    }
  }
  return toml::parse(start + quoted_for_toml(value), source);
}

void assign(toml::table& into, const std::vector<std::string>& keys, std::string_view value,
  const std::string& source, config_problems& problems) {
  problems.add_source(source, false);
  const text_position where{1, 1, std::make_shared<const std::string>(source)};
  std::string path;
  for (const auto& key : keys)
    path += (path.empty() ? "" : ".") + key_for_message(key);
  if (!is_utf8(value))
    return problems.add(where, path, "not valid UTF-8");
  auto* table = &into;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    auto* node = table->get(keys[i]);
    if (node == nullptr) {
      auto inner = entry_of(keys[i], "{}", source);
      put(*table, inner.begin()->first, inner.begin()->second);
      node = table->get(keys[i]);
    }
    table = node->as_table();
    if (table == nullptr)
      return; // what is in its place is a problem of its own
  }
  auto entry = entry_of(keys.back(), value, source);
  put(*table, entry.begin()->first, entry.begin()->second);
}

// The keys behind the name of a table: "RESTART_INTENSITY" is `restart.intensity`.
std::vector<std::string> keys_of_rest(const toml::table& table, std::string_view rest) {
  static constexpr std::array<std::string_view, 2> tables_of_pools{"restart", "limits"};
  const auto inner = [&](std::string_view name) -> std::vector<std::string> {
    const auto prefix = for_variable(name) + '_';
    if (!rest.starts_with(prefix))
      return {};
    return {std::string(name), lower_case(rest.substr(prefix.size()))};
  };
  for (const auto name : tables_of_pools)
    if (auto keys = inner(name); !keys.empty())
      return keys;
  for (auto&& [name, value] : table)
    if (value.is_table())
      if (auto keys = inner(name.str()); !keys.empty())
        return keys;
  return {lower_case(rest)};
}

// The table whose name the rest of the variable begins with: the longest, since names may have _ in them.
const toml::key* table_of(const toml::table& group, std::string_view rest) {
  const toml::key* longest = nullptr;
  for (auto&& [name, node] : group) {
    const auto prefix = for_variable(name.str()) + '_';
    if (node.is_table() && rest.starts_with(prefix) && rest.size() > prefix.size() &&
        (longest == nullptr || name.length() > longest->length()))
      longest = &name;
  }
  return longest;
}

void apply_variable(toml::table& entries, const std::string& group, std::string_view name,
  std::string_view value, config_problems& problems) {
  const auto prefix = "TROUPE_" + for_variable(group) + '_';
  auto* const node = entries.get(group);
  if (!name.starts_with(prefix) || node == nullptr || !node->is_table())
    return;
  const auto rest = name.substr(prefix.size());
  const auto* const key = table_of(*node->as_table(), rest);
  if (key == nullptr)
    return; // it may be meant for another file
  const auto table = std::string(key->str());
  std::vector<std::string> keys{group, table};
  for (auto& inner : keys_of_rest(
         *(*node->as_table())[table].as_table(), rest.substr(for_variable(table).size() + 1)))
    keys.push_back(std::move(inner));
  assign(entries, keys, value, file_for_message(name), problems);
}

std::vector<std::string> split_at_dots(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t dot = 0; dot != std::string_view::npos; text.remove_prefix(dot + 1)) {
    dot = text.find('.');
    parts.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos)
      break;
  }
  return parts;
}

std::string assignment_problem(const toml::table& entries, std::span<const std::string> groups,
  const std::vector<std::string>& keys) {
  if (std::ranges::find(groups, keys[0]) == groups.end())
    return "unknown key" + suggest_name(keys[0], groups);
  const auto* const group = entries[keys[0]].as_table();
  std::vector<std::string> names;
  if (group != nullptr)
    for (auto&& [name, node] : *group)
      names.emplace_back(name.str());
  return std::ranges::find(names, keys[1]) == names.end()
           ? "no such " + keys[0] + suggest_name(keys[1], names)
           : std::string();
}

} // namespace

void apply_environment(toml::table& entries, std::span<const std::string> groups,
  const char* const* environment, config_problems& problems) {
  std::vector<std::string_view> variables;
  for (; environment != nullptr && *environment != nullptr; ++environment)
    if (const std::string_view variable = *environment; variable.starts_with("TROUPE_"))
      variables.push_back(variable);
  std::ranges::sort(variables);
  for (const auto variable : variables) {
    const auto equals = variable.find('=');
    if (equals == std::string_view::npos)
      continue;
    for (const auto& group : groups)
      apply_variable(
        entries, group, variable.substr(0, equals), variable.substr(equals + 1), problems);
  }
}

void apply_assignments(toml::table& entries, std::span<const std::string> groups,
  std::span<const std::string> assignments, config_problems& problems) {
  const std::string source(command_line_name);
  problems.add_source(source, false);
  const text_position where{1, 1, std::make_shared<const std::string>(source)};
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    const auto keys = split_at_dots(std::string_view(assignment).substr(0, equals));
    const bool complete = equals != std::string::npos && keys.size() >= 3 &&
                          keys.size() <= limits::max_assigned_key_parts &&
                          std::ranges::find(keys, "") == keys.end() && is_utf8(assignment);
    if (!complete) {
      problems.add(
        where, {}, quoted_for_message(assignment) + " is not like \"pool.NAME.processes=4\"");
      continue;
    }
    if (const auto problem = assignment_problem(entries, groups, keys); !problem.empty())
      problems.add(where, key_for_message(keys[0]) + '.' + key_for_message(keys[1]), problem);
    else
      assign(entries, keys, std::string_view(assignment).substr(equals + 1), source, problems);
  }
}

} // namespace troupe::detail
