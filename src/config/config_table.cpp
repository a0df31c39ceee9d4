#include "config/open_config.hpp"

#include "config/duration_text.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/node_text.hpp"
#include "config/size_text.hpp"

#include <troupe/detail/json_value.hpp>

namespace troupe {

namespace {

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

std::vector<std::string> config_table::keys() const {
  std::vector<std::string> result;
  for (auto&& [key, node] : table_->table())
    result.emplace_back(key.str());
  return result;
}

bool config_table::flag(std::string_view key, bool otherwise) {
  const auto value = table_->ask(key, otherwise ? "true" : "false");
  return value ? value->flag().value_or(otherwise) : otherwise;
}

std::int64_t config_table::integer(
  std::string_view key, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
  const auto value = table_->ask(key, std::to_string(otherwise));
  const auto number = value ? value->integer() : std::nullopt;
  if (!number)
    return otherwise;
  if (*number >= least && *number <= most)
    return *number;
  value->refuse_range(std::to_string(least), std::to_string(most), std::to_string(*number));
  return otherwise;
}

double config_table::real(std::string_view key, double least, double most, double otherwise) {
  const auto value = table_->ask(key, number_text(otherwise));
  if (!value)
    return otherwise;
  const auto number = value->node.is_number() ? value->node.value<double>() : std::nullopt;
  if (number && *number >= least && *number <= most)
    return *number;
  if (value->node.is_number())
    value->refuse_range(number_text(least), number_text(most), detail::toml_text(value->node));
  else
    value->refuse_type("a number");
  return otherwise;
}

std::optional<std::string> config_table::text(std::string_view key) {
  const auto value = table_->ask(key);
  const auto text = value ? value->text() : std::nullopt;
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::size_t config_table::choice(std::string_view key, std::string_view what,
  std::span<const std::string_view> words, std::size_t otherwise) {
  const auto value = table_->ask(key, '"' + std::string(words[otherwise]) + '"');
  return value ? value->word(what, words).value_or(otherwise) : otherwise;
}

std::chrono::milliseconds config_table::duration(std::string_view key,
  std::chrono::milliseconds least, std::chrono::milliseconds most,
  std::chrono::milliseconds otherwise) {
  const auto value = table_->ask(key, '"' + detail::format_duration(otherwise) + '"');
  return value ? value->duration(least, most).value_or(otherwise) : otherwise;
}

std::uint64_t config_table::size(
  std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) {
  const auto value = table_->ask(key, '"' + detail::format_size(otherwise) + '"');
  return value ? value->size(least, most).value_or(otherwise) : otherwise;
}

std::vector<std::string> config_table::texts(std::string_view key) {
  std::vector<std::string> result;
  if (const auto value = table_->ask(key))
    for (const auto* text : value->texts())
      result.push_back(text->get());
  return result;
}

std::optional<std::string> config_table::json(std::string_view key) {
  const auto value = table_->ask(key);
  if (!value)
    return std::nullopt;
  try {
    return detail::json_text_of(value->node);
  } catch (const json_error& problem) {
    value->refuse(problem.what());
    return std::nullopt;
  }
}

std::optional<std::vector<std::string>> config_table::json_list(std::string_view key) {
  const auto value = table_->ask(key);
  if (!value)
    return std::nullopt;
  std::vector<std::string> result;
  try {
    if (const auto* array = value->node.as_array())
      for (const auto& one : *array)
        result.push_back(detail::json_text_of(one));
    else
      result.push_back(detail::json_text_of(value->node));
  } catch (const json_error& problem) {
    value->refuse(problem.what());
  }
  return result;
}

std::optional<config_table> config_table::table(std::string_view key) {
  const auto value = table_->ask(key);
  if (!value)
    return std::nullopt;
  if (const auto* const inner = value->node.as_table())
    return table_->inner(key, *inner);
  value->refuse_type("a table");
  return std::nullopt;
}

std::vector<config_table> config_table::table_list(std::string_view key) {
  std::vector<config_table> result;
  const auto value = table_->ask(key);
  if (!value)
    return result;
  const auto* const array = value->node.as_array();
  if (array == nullptr) {
    value->refuse_type("an array of tables", "; write [[" + value->path + "]]");
    return result;
  }
  for (const auto& one : *array)
    if (const auto* const inner = one.as_table())
      result.push_back(table_->inner(key, result.size() + 1, *inner));
    else
      detail::config_value{one, value->path, value->problems}.refuse_type("a table");
  return result;
}

void config_table::refuse(std::string_view key, const std::string& problem) {
  table_->refuse(key, problem);
}

void config_table::refuse_name(std::string_view key, std::string_view what, std::string_view name,
  std::span<const std::string> names) {
  refuse(key, "unknown " + std::string(what) + " " + detail::quoted_for_message(name) +
                detail::suggest_name(name, names));
}

} // namespace troupe
