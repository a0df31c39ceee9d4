#include "config/config_value.hpp"

#include "config/duration_text.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"
#include "config/size_text.hpp"

#include <algorithm>
#include <variant>

namespace troupe::detail {

using std::chrono::milliseconds;

std::optional<bool> config_value::flag() const {
  const auto value = node.value_exact<bool>();
  if (!value)
    refuse_type("a boolean");
  return value;
}

std::optional<std::int64_t> config_value::integer() const {
  const auto value = node.value_exact<std::int64_t>();
  if (!value)
    refuse_type("an integer");
  return value;
}

std::optional<std::string_view> config_value::text() const {
  const auto value = node.value_exact<std::string_view>();
  if (!value)
    refuse_type("a string");
  return value;
}

std::vector<const toml::value<std::string>*> config_value::texts() const {
  if (const auto* text = node.as_string())
    return {text};
  std::vector<const toml::value<std::string>*> result;
  const auto* const array = node.as_array();
  if (array == nullptr) {
    refuse_type("a string, or an array of strings");
    return result;
  }
  for (const auto& one : *array)
    if (const auto* text = one.as_string())
      result.push_back(text);
    else
      config_value{one, path, problems}.refuse_type("a string");
  return result;
}

std::optional<std::size_t> config_value::word(
  std::string_view what, std::span<const std::string_view> words) const {
  const auto value = text();
  if (!value)
    return std::nullopt;
  const auto found = std::ranges::find(words, *value);
  if (found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  refuse("unknown " + std::string(what) + " " + quoted_for_message(*value) +
         suggest_name(*value, words));
  return std::nullopt;
}

std::optional<milliseconds> config_value::duration(milliseconds least, milliseconds most) const {
  const auto text = node.value_exact<std::string_view>();
  if (!text) {
    refuse_type("a duration like \"30s\"", missing_unit(node));
    return std::nullopt;
  }
  const auto parsed = parse_duration(*text);
  if (const auto* problem = std::get_if<std::string>(&parsed)) {
    refuse(*problem);
    return std::nullopt;
  }
  const auto value = std::get<milliseconds>(parsed);
  if (value >= least && value <= most)
    return value;
  refuse_range(format_duration(least), format_duration(most), quoted_for_message(*text));
  return std::nullopt;
}

std::optional<std::uint64_t> config_value::size(std::uint64_t least, std::uint64_t most) const {
  std::uint64_t value = 0;
  if (const auto text = node.value_exact<std::string_view>()) {
    const auto parsed = parse_size(*text);
    if (const auto* problem = std::get_if<std::string>(&parsed)) {
      refuse(*problem);
      return std::nullopt;
    }
    value = std::get<std::uint64_t>(parsed);
  } else if (node.value_exact<std::int64_t>() != 0) {
    refuse_type("a size like \"512MiB\"", missing_size_unit(node));
    return std::nullopt;
  }
  if (value >= least && value <= most)
    return value;
  refuse_range(format_size(least), format_size(most), toml_text(node));
  return std::nullopt;
}

void config_value::refuse(const std::string& problem) const {
  problems.add(position_of(node.source()), path, problem);
}

void config_value::refuse_type(const std::string& expected, const std::string& advice) const {
  refuse("expected " + expected + ", found " + std::string(type_name(node)) + advice);
}

void config_value::refuse_range(
  const std::string& least, const std::string& most, const std::string& found) const {
  refuse("must be " + least + " to " + most + ", is " + found);
}

} // namespace troupe::detail
