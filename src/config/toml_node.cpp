#include "config/toml_node.hpp"

#include "config/config_problems.hpp"
#include "config/message_text.hpp"
#include "config/text_check.hpp"

namespace troupe::detail {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
  case toml::node_type::table:
    return "a table";
  case toml::node_type::array:
    return "an array";
  case toml::node_type::string:
    return "a string";
  case toml::node_type::integer:
    return "an integer";
  case toml::node_type::floating_point:
    return "a float";
  case toml::node_type::boolean:
    return "a boolean";
  case toml::node_type::date:
    return "a date";
  case toml::node_type::time:
    return "a time";
  case toml::node_type::date_time:
    return "a date and time";
  case toml::node_type::none:
    break;
  }
  return "nothing";
}

std::optional<scalar> scalar_of(const toml::node& node) {
  if (const auto* boolean = node.as_boolean())
    return boolean->get();
  if (const auto* integer = node.as_integer())
    return integer->get();
  if (const auto* real = node.as_floating_point())
    return real->get();
  if (const auto* string = node.as_string())
    return string->get();
  return std::nullopt;
}

void put(toml::table& into, const toml::key& key, toml::node& value) {
  into.erase(key.str());
  value.visit([&](auto& concrete) { into.insert(key, std::move(concrete)); });
}

toml::table parse_toml(std::string_view text, const std::string& name, config_problems& problems) {
  if (const auto found = find_text_problem(text)) {
    auto where = found->where;
    where.file = std::make_shared<const std::string>(name);
    problems.add(where, {}, found->problem);
    return {};
  }
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    problems.add(position_of(error.source()), {}, sentence_for_message(error.description()));
    return {};
  }
}

} // namespace troupe::detail
