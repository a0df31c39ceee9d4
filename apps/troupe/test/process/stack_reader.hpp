#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

namespace troupe_cli::test {

/// Reads the stacks of threads of another process that this one traces and has stopped, with function names and, where
/// the program has debug information, lines.
class stack_reader {
public:
  explicit stack_reader(pid_t process);
  stack_reader(const stack_reader&) = delete;
  stack_reader& operator=(const stack_reader&) = delete;
  ~stack_reader();

  /// "  #0 work at file.cpp:12\n...", or one line that says why there is no stack. The thread must be stopped.
  std::string read(pid_t thread);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe_cli::test
