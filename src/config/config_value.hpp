#pragma once

#include "config/config_problems.hpp"
#include "config/toml_node.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// The value of a key, and where it goes what is wrong with it. Each function reads it as a type; nothing if it is not
/// of that type or not within the bounds, which is a problem then.
struct config_value {
  const toml::node& node;
  std::string path; ///< of the key, printable
  config_problems& problems;

  std::optional<bool> flag() const;
  std::optional<std::int64_t> integer() const;
  std::optional<std::string_view> text() const;
  /// The strings of an array, without what else stands in it; of a string, that as the only one.
  std::vector<const toml::value<std::string>*> texts() const;
  /// The place of a word among those that are valid; `what` is what messages call it, "unknown WHAT".
  std::optional<std::size_t> word(
    std::string_view what, std::span<const std::string_view> words) const;
  /// A string with a unit, "30s".
  std::optional<std::chrono::milliseconds> duration(
    std::chrono::milliseconds least, std::chrono::milliseconds most) const;
  /// A string with a unit, "512MiB", or 0; in bytes.
  std::optional<std::uint64_t> size(std::uint64_t least, std::uint64_t most) const;

  void refuse(const std::string& problem) const;
  void refuse_type(const std::string& expected, const std::string& advice = {}) const;
  void refuse_range(
    const std::string& least, const std::string& most, const std::string& found) const;
};

} // namespace troupe::detail
