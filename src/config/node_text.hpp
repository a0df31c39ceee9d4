#pragma once

#include "config/toml_node.hpp"

#include <string>

namespace troupe::detail {

/// A value as TOML writes it, on one line.
std::string toml_text(const toml::node& node);

/// The same value in JSON; dates and times are strings. Throws `json_error` for what JSON cannot say: infinity, no
/// number.
std::string json_text_of(const toml::node& node);

/// Advice where a bare number stands for a duration, or for a size: "; write "30s" or "30ms"". Empty for others.
std::string missing_unit(const toml::node& found);
std::string missing_size_unit(const toml::node& found);

} // namespace troupe::detail
