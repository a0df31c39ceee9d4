#pragma once

#include "base/unique_fd.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace troupe::test {

/// Another program that runs, with pipes to its standard input and from its standard output. Killed at the
/// latest with this object.
class piped_program {
public:
  /// `arguments`: with the name of the program.
  piped_program(const std::filesystem::path& file, const std::vector<std::string>& arguments);
  piped_program(const piped_program&) = delete;
  piped_program& operator=(const piped_program&) = delete;
  ~piped_program() { kill(); }

  pid_t pid() const { return pid_; }

  /// Writes one byte to its input.
  void tell();
  void close_input() { input_.reset(); }
  /// What it and its children write until they have said `end`, or, if that is empty, all of them have
  /// closed their output.
  std::string read_until(std::string_view end);

  /// Its status, as of waitpid.
  int wait();
  void kill();

private:
  pid_t pid_ = 0;
  base::unique_fd input_;
  base::unique_fd output_;
  bool waited_ = false;
};

} // namespace troupe::test
