#include <troupe/detail/json_value.hpp>

#include "base/limits.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"

#include <nlohmann/json.hpp>

#include <span>

namespace troupe::detail {

namespace {

// Objects keep the order of their keys, and give the n-th one at once.
using json = nlohmann::ordered_json;

const json& of(const void* node) {
  return *static_cast<const json*>(node);
}

std::string_view kind_name(json_value::kind kind) {
  switch (kind) {
  case json_value::kind::boolean:
    return "true or false";
  case json_value::kind::integer:
  case json_value::kind::number:
    return "a number";
  case json_value::kind::string:
    return "a string";
  case json_value::kind::array:
    return "an array";
  case json_value::kind::object:
    return "an object";
  case json_value::kind::null:
    break;
  }
  return "null";
}

// The library's messages begin with a name of its own: "[json.exception.parse_error.101] parse error at ...".
std::string without_name(std::string_view message) {
  const auto end = message.find("] ");
  return sentence_for_message(end == std::string_view::npos ? message : message.substr(end + 2));
}

} // namespace

json_document::json_document(std::string_view text, std::string_view what) {
  try {
    node_ = new json(json::parse(text.begin(), text.end()));
  } catch (const json::exception& e) {
    throw json_error(std::string(what) + " is not JSON: " + without_name(e.what()));
  }
}

json_document::~json_document() {
  delete static_cast<json*>(node_);
}

json_value::kind json_value::what() const noexcept {
  switch (of(node_).type()) {
  case json::value_t::boolean:
    return kind::boolean;
  case json::value_t::number_integer:
  case json::value_t::number_unsigned:
    return kind::integer;
  case json::value_t::number_float:
    return kind::number;
  case json::value_t::string:
    return kind::string;
  case json::value_t::array:
    return kind::array;
  case json::value_t::object:
    return kind::object;
  default:
    return kind::null;
  }
}

bool json_value::boolean() const noexcept {
  return *of(node_).get_ptr<const json::boolean_t*>();
}

bool json_value::is_negative() const noexcept {
  return !of(node_).is_number_unsigned() && of(node_).get<std::int64_t>() < 0;
}

std::int64_t json_value::integer() const noexcept {
  return of(node_).get<std::int64_t>();
}

std::uint64_t json_value::unsigned_integer() const noexcept {
  return of(node_).get<std::uint64_t>();
}

double json_value::number() const noexcept {
  return of(node_).get<double>();
}

std::string_view json_value::string() const noexcept {
  return *of(node_).get_ptr<const json::string_t*>();
}

std::size_t json_value::size() const noexcept {
  return of(node_).size();
}

json_value json_value::at(std::size_t index) const {
  const auto& node = of(node_);
  if (const auto* object = node.get_ptr<const json::object_t*>())
    return json_value(&(object->begin() + static_cast<std::ptrdiff_t>(index))->second);
  return json_value(&node[index]);
}

std::string_view json_value::key_at(std::size_t index) const {
  const auto& object = *of(node_).get_ptr<const json::object_t*>();
  return (object.begin() + static_cast<std::ptrdiff_t>(index))->first;
}

json_value json_value::find(std::string_view key) const {
  for (const auto& [name, value] : *of(node_).get_ptr<const json::object_t*>())
    if (name == key)
      return json_value(&value);
  return {};
}

// -- what is wrong --------------------------------------------------------------------------------------

std::string json_place::text() const {
  if (outer == nullptr)
    return std::string(key);
  std::string path;
  const json_place* place = this;
  for (; place->outer != nullptr; place = place->outer)
    path.insert(0, place->index == no_index ? "." + key_for_message(place->key)
                                            : "[" + std::to_string(place->index) + "]");
  return std::string(place->key) + ", " + path;
}

void refuse_json(const json_place& at, std::string_view problem) {
  throw json_error(at.text() + ": " + std::string(problem));
}

void refuse_json_kind(const json_place& at, std::string_view expected, const json_value& found) {
  refuse_json(
    at, std::string(expected) + " is expected, this is " + std::string(kind_name(found.what())));
}

void refuse_json_field(
  const json_place& at, std::string_view name, const std::string_view* fields, std::size_t count) {
  refuse_json(at, "there is no field " + quoted_for_message(name) +
                    suggest_name(name, std::span<const std::string_view>(fields, count)));
}

void refuse_argument_count(std::size_t takes, const json_value& given) {
  const auto wanted = takes == 0 ? std::string("no arguments, which is [] in JSON")
                                 : "an array of " + std::to_string(takes) + " arguments";
  if (given.what() != json_value::kind::array)
    throw json_error(
      "the task takes " + wanted + ", and is given " + std::string(kind_name(given.what())));
  throw json_error(
    "the task takes " + wanted + ", and is given one of " + std::to_string(given.size()));
}

void check_json_depth(const json_place& at) {
  if (at.depth > limits::max_value_depth)
    throw json_error(
      "a value is nested more than " + std::to_string(limits::max_value_depth) + " deep");
}

// -- numbers and text -----------------------------------------------------------------------------------

namespace {

std::string range_of(const std::string& least, const std::string& most) {
  return "an integer from " + least + " to " + most;
}

void expect_integer(const json_value& value, const json_place& at, const std::string& expected) {
  if (value.what() == json_value::kind::number)
    refuse_json(at, expected + " is expected, this is one with a fraction or an exponent");
  if (value.what() != json_value::kind::integer)
    refuse_json_kind(at, expected, value);
}

std::string digits_of(const json_value& value) {
  return value.is_negative() ? std::to_string(value.integer())
                             : std::to_string(value.unsigned_integer());
}

} // namespace

std::int64_t json_integer(
  const json_value& value, const json_place& at, std::int64_t least, std::int64_t most) {
  if (value.what() == json_value::kind::integer) {
    if (value.is_negative() ? value.integer() >= least
                            : value.unsigned_integer() <= static_cast<std::uint64_t>(most))
      return value.integer();
    refuse_json(at, range_of(std::to_string(least), std::to_string(most)) +
                      " is expected, this is " + digits_of(value));
  }
  expect_integer(value, at, range_of(std::to_string(least), std::to_string(most)));
  return 0;
}

std::uint64_t json_unsigned(const json_value& value, const json_place& at, std::uint64_t most) {
  if (value.what() == json_value::kind::integer) {
    if (!value.is_negative() && value.unsigned_integer() <= most)
      return value.unsigned_integer();
    refuse_json(
      at, range_of("0", std::to_string(most)) + " is expected, this is " + digits_of(value));
  }
  expect_integer(value, at, range_of("0", std::to_string(most)));
  return 0;
}

double json_number(const json_value& value, const json_place& at) {
  const auto kind = value.what();
  if (kind != json_value::kind::integer && kind != json_value::kind::number)
    refuse_json_kind(at, "a number", value);
  return value.number();
}

std::string_view json_text(const json_value& value, const json_place& at) {
  if (value.what() != json_value::kind::string)
    refuse_json_kind(at, "a string", value);
  return value.string();
}

} // namespace troupe::detail
