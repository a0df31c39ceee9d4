#pragma once

#include "support/process_info.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace troupe::test {

/// The path of a file that does not exist until the flag is raised, and is removed in the end: by it a test tells
/// tasks in other processes when to go on.
class flag {
public:
  flag()
    : path_(std::filesystem::temp_directory_path() /
            ("troupe-flag-" + std::to_string(::getpid()) + "-" + std::to_string(++count_))) {
    lower();
  }
  flag(const flag&) = delete;
  ~flag() { lower(); }

  std::string path() const { return path_; }
  void raise() const { std::ofstream(path_).put('x'); }
  void lower() const { std::filesystem::remove(path_); }

private:
  static inline int count_ = 0;
  std::filesystem::path path_;
};

/// A task that ends when the flag of that path is raised.
inline void wait_for_flag(const std::string& path) {
  if (!eventually([&] { return std::filesystem::exists(path); }))
    throw std::runtime_error("nobody raises " + path);
}

} // namespace troupe::test
