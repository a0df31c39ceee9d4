#pragma once

#include "support/temporary_directory.hpp"

#include <troupe/config.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace config_test {

using troupe::test::temporary_directory;

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Loads a file "troupe.toml" with that text.
inline troupe::config load(std::string_view text, const troupe::task_registry& tasks = {}) {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", text);
  return troupe::load_config(dir / "troupe.toml", tasks);
}

/// What is wrong with `path`, with its directory left out of the message. Empty if nothing is.
inline std::string error_of_file(
  const std::filesystem::path& path, const troupe::task_registry& tasks = {}) {
  try {
    troupe::load_config(path, tasks);
    return {};
  } catch (const troupe::config_error& error) {
    std::string message = error.what();
    const auto dir = path.parent_path().string() + '/';
    for (auto at = message.find(dir); at != std::string::npos; at = message.find(dir))
      message.erase(at, dir.size());
    return message;
  }
}

/// What is wrong with a file "troupe.toml" with that text. Empty if nothing is.
inline std::string error_of(std::string_view text, const troupe::task_registry& tasks = {}) {
  const temporary_directory dir;
  write_file(dir / "troupe.toml", text);
  return error_of_file(dir / "troupe.toml", tasks);
}

} // namespace config_test
