#pragma once

#include "config/text_position.hpp"

// Of malformed input toml++ 3.3 asserts things that are not true, for example that a key does not
// start with a dot, and then handles it well. Without this, a build with assertions and a
// header-only toml++ would abort.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <troupe/task_registry.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace troupe::detail {

inline text_position position_of(const toml::source_region& source) {
  return {source.begin.line, source.begin.column, source.path};
}

/// "an integer", "a table", ...
std::string_view type_name(const toml::node& node);

/// Its value; nothing if it is no boolean, integer, float or string.
std::optional<scalar> scalar_of(const toml::node& node);

/// Moves a value with its place in the file, which copies do not keep. What the table has of that name goes.
void put(toml::table& into, const toml::key& key, toml::node& value);

class config_problems;
/// Parses the text of a file with that printable name. What is wrong with it goes into `problems`, and leaves nothing
/// to look at behind it.
toml::table parse_toml(std::string_view text, const std::string& name, config_problems& problems);

} // namespace troupe::detail
