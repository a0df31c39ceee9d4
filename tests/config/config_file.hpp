#pragma once

#include <troupe/config.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace config_test {

/// A directory of its own for each test, removed with everything in it.
class temp_dir {
public:
  temp_dir() {
    auto pattern = (std::filesystem::temp_directory_path() / "troupe-config-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::system_error(errno, std::system_category(), pattern);
    path_ = pattern;
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Loads a file "troupe.toml" with that text.
inline troupe::config load(std::string_view text, const troupe::task_registry& tasks = {}) {
  const temp_dir dir;
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
  const temp_dir dir;
  write_file(dir / "troupe.toml", text);
  return error_of_file(dir / "troupe.toml", tasks);
}

} // namespace config_test
