#pragma once

#include "command/command.hpp"
#include "command/run_command.hpp"
#include "support/baseline.hpp"
#include "support/test_runtime.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace troupe::test {

/// A folder of the test's own.
class test_folder {
public:
  test_folder() {
    std::string name = std::filesystem::temp_directory_path() / "troupe-test-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  test_folder(const test_folder&) = delete;
  test_folder& operator=(const test_folder&) = delete;
  ~test_folder() { std::filesystem::remove_all(path_); }

  std::string operator/(const std::string& name) const { return path_ / name; }
  std::string path() const { return path_; }

private:
  std::filesystem::path path_;
};

inline std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline troupe_cli::command shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script}};
}

/// The pool in whose only child the commands of these tests run.
inline pool& command_pool() {
  static pool& commands = []() -> pool& {
    static pool made(
      rt(), {.processes = 1, .childconcurrency = 64, .cancel_grace = std::chrono::seconds(60)});
    made.apply([] {}).get();
    keep_for_all_tests();
    return made;
  }();
  return commands;
}

inline task_future<troupe_cli::command_end> begin(const troupe_cli::command& what) {
  return command_pool().apply(troupe_cli::run_command, what, troupe_cli::command_descriptors{});
}

inline troupe_cli::command_end run(const troupe_cli::command& what) {
  return begin(what).get();
}

} // namespace troupe::test
