#include "config/toml_node.hpp"

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

} // namespace troupe::detail
