#include "config/open_config.hpp"

#include "config/duration_text.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"
#include "config/size_text.hpp"

#include <troupe/detail/json_value.hpp>

#include <algorithm>

namespace troupe {

namespace {

using detail::format_duration;
using detail::format_size;
using detail::quoted_for_message;

std::string range_text(const std::string& least, const std::string& most, const std::string& is) {
  return "must be " + least + " to " + most + ", is " + is;
}

std::string number_text(double number) {
  std::string text;
  detail::json_writer(text).number(number, {nullptr, "a bound"});
  return text;
}

} // namespace

const std::string& config_table::name() const noexcept {
  return table_->name();
}

const std::string& config_table::path() const noexcept {
  return table_->path();
}

bool config_table::has(std::string_view key) const {
  return table_->table().contains(key);
}

bool config_table::has_table(std::string_view key) const {
  const auto* const node = table_->table().get(key);
  return node != nullptr && node->is_table();
}

bool config_table::flag(std::string_view key, bool otherwise) {
  const auto* const node = table_->ask(key, otherwise ? "true" : "false");
  if (node == nullptr)
    return otherwise;
  if (const auto value = node->value_exact<bool>())
    return *value;
  table_->add_type_problem(*node, key, "a boolean");
  return otherwise;
}

std::int64_t config_table::integer(
  std::string_view key, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
  const auto* const node = table_->ask(key, std::to_string(otherwise));
  if (node == nullptr)
    return otherwise;
  const auto value = node->value_exact<std::int64_t>();
  if (!value)
    table_->add_type_problem(*node, key, "an integer");
  else if (*value < least || *value > most)
    table_->add_problem(
      *node, key, range_text(std::to_string(least), std::to_string(most), std::to_string(*value)));
  else
    return *value;
  return otherwise;
}

double config_table::real(std::string_view key, double least, double most, double otherwise) {
  const auto* const node = table_->ask(key, number_text(otherwise));
  if (node == nullptr)
    return otherwise;
  if (!node->is_number())
    table_->add_type_problem(*node, key, "a number");
  else if (const auto value = node->value<double>(); !value || !(*value >= least && *value <= most))
    table_->add_problem(
      *node, key, range_text(number_text(least), number_text(most), detail::toml_text(*node)));
  else
    return *value;
  return otherwise;
}

std::optional<std::string> config_table::text(std::string_view key) {
  const auto* const node = table_->ask(key, {});
  if (node == nullptr)
    return std::nullopt;
  if (const auto* string = node->as_string())
    return string->get();
  table_->add_type_problem(*node, key, "a string");
  return std::nullopt;
}

std::string config_table::text_or(std::string_view key, std::string otherwise) {
  if (!has(key))
    table_->ask(key, quoted_for_message(otherwise));
  return text(key).value_or(std::move(otherwise));
}

std::size_t config_table::choice(std::string_view key, std::string_view what,
  std::span<const std::string_view> words, std::size_t otherwise) {
  const auto* const node = table_->ask(key, '"' + std::string(words[otherwise]) + '"');
  if (node == nullptr)
    return otherwise;
  const auto word = node->value_exact<std::string_view>();
  if (!word) {
    table_->add_type_problem(*node, key, "a string");
    return otherwise;
  }
  const auto found = std::ranges::find(words, *word);
  if (found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  table_->add_problem(*node, key,
    "unknown " + std::string(what) + " " + quoted_for_message(*word) +
      detail::suggest_name(*word, words));
  return otherwise;
}

std::chrono::milliseconds config_table::duration(std::string_view key,
  std::chrono::milliseconds least, std::chrono::milliseconds most,
  std::chrono::milliseconds otherwise) {
  const auto* const node = table_->ask(key, '"' + format_duration(otherwise) + '"');
  if (node == nullptr)
    return otherwise;
  const auto text = node->value_exact<std::string_view>();
  if (!text) {
    table_->add_type_problem(*node, key, "a duration like \"30s\"", detail::missing_unit(*node));
    return otherwise;
  }
  const auto parsed = detail::parse_duration(*text);
  if (const auto* problem = std::get_if<std::string>(&parsed)) {
    table_->add_problem(*node, key, *problem);
    return otherwise;
  }
  const auto value = std::get<std::chrono::milliseconds>(parsed);
  if (value >= least && value <= most)
    return value;
  table_->add_problem(*node, key,
    range_text(format_duration(least), format_duration(most), quoted_for_message(*text)));
  return otherwise;
}

std::uint64_t config_table::size(
  std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) {
  const auto* const node = table_->ask(key, '"' + format_size(otherwise) + '"');
  if (node == nullptr)
    return otherwise;
  std::uint64_t value = 0;
  if (const auto text = node->value_exact<std::string_view>()) {
    const auto parsed = detail::parse_size(*text);
    if (const auto* problem = std::get_if<std::string>(&parsed)) {
      table_->add_problem(*node, key, *problem);
      return otherwise;
    }
    value = std::get<std::uint64_t>(parsed);
  } else if (node->value_exact<std::int64_t>() != 0) {
    table_->add_type_problem(
      *node, key, "a size like \"512MiB\"", detail::missing_size_unit(*node));
    return otherwise;
  }
  if (value >= least && value <= most)
    return value;
  table_->add_problem(
    *node, key, range_text(format_size(least), format_size(most), detail::toml_text(*node)));
  return otherwise;
}

std::vector<std::string> config_table::texts(std::string_view key) {
  const auto* const node = table_->ask(key, {});
  std::vector<std::string> result;
  if (node == nullptr)
    return result;
  if (const auto* string = node->as_string())
    return {string->get()};
  const auto* const array = node->as_array();
  if (array == nullptr)
    table_->add_type_problem(*node, key, "a string, or an array of strings");
  else
    for (const auto& one : *array)
      if (const auto* string = one.as_string())
        result.push_back(string->get());
      else
        table_->add_type_problem(one, key, "a string");
  return result;
}

std::optional<std::string> config_table::json(std::string_view key) {
  const auto* const node = table_->ask(key, {});
  if (node == nullptr)
    return std::nullopt;
  try {
    return detail::json_text_of(*node);
  } catch (const json_error& problem) {
    table_->add_problem(*node, key, problem.what());
    return std::nullopt;
  }
}

std::optional<std::vector<std::string>> config_table::json_list(std::string_view key) {
  const auto* const node = table_->ask(key, {});
  if (node == nullptr)
    return std::nullopt;
  std::vector<std::string> result;
  try {
    if (const auto* array = node->as_array())
      for (const auto& one : *array)
        result.push_back(detail::json_text_of(one));
    else
      result.push_back(detail::json_text_of(*node));
  } catch (const json_error& problem) {
    table_->add_problem(*node, key, problem.what());
  }
  return result;
}

std::optional<config_table> config_table::table(std::string_view key) {
  const auto* const node = table_->ask(key, {});
  if (node == nullptr)
    return std::nullopt;
  if (const auto* const inner = node->as_table())
    return table_->inner(key, *inner);
  table_->add_type_problem(*node, key, "a table");
  return std::nullopt;
}

void config_table::refuse(std::string_view key, const std::string& problem) {
  table_->refuse(key, problem);
}

void config_table::refuse_name(std::string_view key, std::string_view what, std::string_view name,
  std::span<const std::string> names) {
  refuse(key, "unknown " + std::string(what) + " " + quoted_for_message(name) +
                detail::suggest_name(name, names));
}

} // namespace troupe
