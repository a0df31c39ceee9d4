#include "run/json_items.hpp"

#include "text/terminal_text.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace troupe_cli {

namespace {

using json = nlohmann::ordered_json;

json parse(std::string_view text) {
  try {
    return json::parse(text.begin(), text.end());
  } catch (const json::exception& e) {
    // The message begins with a name of the library's own: "[json.exception.parse_error.101] ...".
    std::string_view what = e.what();
    if (const auto end = what.find("] "); end != std::string_view::npos)
      what.remove_prefix(end + 2);
    throw std::runtime_error("not JSON: " + text::printable(what));
  }
}

std::string one_line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_of(const json& value) {
  if (const auto* text = value.get_ptr<const json::string_t*>())
    return *text;
  return value.is_null() ? std::string() : one_line(value);
}

} // namespace

std::vector<std::string> elements_of_json(std::string_view text) {
  const auto value = parse(text);
  if (!value.is_array())
    return {std::string(text)};
  std::vector<std::string> elements;
  for (const auto& element : value)
    elements.push_back(one_line(element));
  return elements;
}

std::vector<std::pair<std::string, std::string>> fields_of_json(std::string_view text) {
  const auto value = parse(text);
  if (!value.is_object())
    throw std::runtime_error(
      std::string("a row of a CSV file is an object, this result is ") +
      (value.is_null() ? "null" : std::string("of type ") + value.type_name()));
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, field] : value.items())
    fields.emplace_back(name, text_of(field));
  return fields;
}

std::string text_of_json(std::string_view text) {
  // What most results are needs no parser.
  const bool plain = text.size() >= 2 && text.front() == '"' && text.back() == '"' &&
                     text.find_first_of("\\\"", 1) == text.size() - 1;
  if (plain)
    return std::string(text.substr(1, text.size() - 2));
  return text_of(parse(text));
}

std::string json_of_text(std::string_view text) {
  return one_line(json(std::string(text)));
}

std::string json_of_fields(
  const std::vector<std::string>& names, const std::vector<std::string>& values) {
  auto object = json::object();
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i)
    object[names[i]] = values[i];
  return one_line(object);
}

bool replace_braces(std::string& word, std::string_view text) {
  bool found = false;
  for (auto at = word.find("{}"); at != std::string::npos; at = word.find("{}", at + text.size())) {
    word.replace(at, 2, text);
    found = true;
  }
  return found;
}

} // namespace troupe_cli
