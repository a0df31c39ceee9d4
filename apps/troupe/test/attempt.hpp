#pragma once

#include "command/command.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// A process of a binary that a child of the pool is to run, and to watch. Encodable.
struct process_order {
  command what{};
  /// Is made for it, and its own while it runs. One that runs after it may get the same.
  std::string folder{};
  /// Arguments, with the program's name, by which the program is executed that forks the process
  /// (troupe/testing/fork_tests.hpp). Empty: it is executed itself.
  std::vector<std::string> zygote_argv{};
  std::string words_text{}; ///< is to be in `words_file` of it, if not empty
  std::chrono::milliseconds timeout{0};
  /// It is traced, so that the stack of a crash can be read. The stacks of a hang are read in any case. A sanitizer
  /// that looks for leaks at the end cannot do so in a process that is traced.
  bool trace_from_start = true;
  std::chrono::milliseconds linger{
    200}; ///< what it has started may take that long to leave after it
  std::size_t kept_output =
    std::size_t{256} * 1024; ///< of what it writes, its beginning and its end
};

/// The files in the folder of a process: where a framework writes its record, a long selection of cases, and all that
/// is written to stdout and stderr.
inline std::string record_file(const std::string& folder) {
  return folder + "/record";
}
inline std::string words_file(const std::string& folder) {
  return folder + "/words";
}
inline std::string output_file(const std::string& folder) {
  return folder + "/output";
}

/// What became of such a process. Encodable.
struct attempt {
  command_end end{};
  bool forked = false;  ///< its process was forked from its program
  std::string output{}; ///< stdout and stderr; of very much, the beginning and the end
  std::string record{};
  std::string stacks{}; ///< of the thread that crashed, or of all threads of a hang
};

} // namespace troupe_cli::test
