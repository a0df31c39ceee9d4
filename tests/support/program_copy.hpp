#pragma once

#include "support/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace troupe::test {

/// A copy of a program that every user may execute, wherever the program itself is.
class program_copy {
public:
  static constexpr const char* public_directory = "/tmp";

  explicit program_copy(const std::string& program) {
    REQUIRE(::mkdtemp(directory_.data()) != nullptr);
    REQUIRE(::chmod(directory_.c_str(), 0755) == 0);
    std::filesystem::copy_file(program, path());
    REQUIRE(::chmod(path().c_str(), 0755) == 0);
  }
  program_copy(const program_copy&) = delete;
  program_copy& operator=(const program_copy&) = delete;
  ~program_copy() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string path() const { return directory_ + "/program"; }

private:
  // The directory for temporary files may be closed to other users, as which some of these programs run.
  std::string directory_ = std::string(public_directory) + "/troupe_program_XXXXXX";
};

} // namespace troupe::test
