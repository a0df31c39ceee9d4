#include "config/node_text.hpp"

#include "config/message_text.hpp"
#include "config/size_text.hpp"

#include <troupe/detail/json_value.hpp>

#include <cmath>
#include <sstream>

namespace troupe::detail {

namespace {

// The same walk for both: they differ in how keys, scalars and pairs are written.
enum class notation { toml, json };

class node_printer {
public:
  node_printer(std::string& out, notation how)
    : out_(out)
    , json_(out)
    , how_(how) {}

  void print(const toml::node& node) {
    if (const auto* table = node.as_table())
      print_table(*table);
    else if (const auto* array = node.as_array())
      print_array(*array);
    else
      print_scalar(node);
  }

private:
  static constexpr json_place value_of_file() { return {nullptr, "a value"}; }

  void print_table(const toml::table& table) {
    out_ += '{';
    bool first = true;
    for (auto&& [key, value] : table) {
      out_ += first ? "" : ", ";
      first = false;
      if (how_ == notation::json)
        json_.text(key.str(), value_of_file());
      else
        out_ += key_for_message(key.str());
      out_ += how_ == notation::json ? ": " : " = ";
      print(value);
    }
    out_ += '}';
  }

  void print_array(const toml::array& array) {
    out_ += '[';
    bool first = true;
    for (const auto& value : array) {
      out_ += first ? "" : ", ";
      first = false;
      print(value);
    }
    out_ += ']';
  }

  void print_scalar(const toml::node& node) {
    if (const auto* string = node.as_string())
      return json_.text(string->get(), value_of_file());
    if (const auto* boolean = node.as_boolean()) {
      out_ += boolean->get() ? "true" : "false";
    } else if (const auto* integer = node.as_integer()) {
      json_.integer(integer->get());
    } else if (const auto* real = node.as_floating_point();
               real && (how_ == notation::json || std::isfinite(real->get()))) {
      json_.number(real->get(), value_of_file());
    } else {
      std::ostringstream text;
      node.visit([&text](const auto& value) {
        if constexpr (toml::is_value<decltype(value)>)
          text << value.get();
      });
      out_ += how_ == notation::json ? '"' + text.str() + '"' : text.str();
    }
  }

  std::string& out_;
  json_writer json_;
  notation how_;
};

std::string text_of_node(const toml::node& node, notation how) {
  std::string out;
  node_printer(out, how).print(node);
  return out;
}

} // namespace

std::string toml_text(const toml::node& node) {
  return text_of_node(node, notation::toml);
}

std::string json_text_of(const toml::node& node) {
  return text_of_node(node, notation::json);
}

std::string missing_unit(const toml::node& found) {
  const auto number = found.value_exact<std::int64_t>();
  if (!number || *number < 0)
    return {};
  const auto digits = std::to_string(*number);
  return "; write \"" + digits + "s\" or \"" + digits + "ms\"";
}

std::string missing_size_unit(const toml::node& found) {
  const auto number = found.value_exact<std::int64_t>();
  if (!number || *number <= 0)
    return {};
  return "; write \"" + format_size(static_cast<std::uint64_t>(*number)) + '"';
}

} // namespace troupe::detail
