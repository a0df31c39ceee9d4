#pragma once

#include "command/command.hpp"

#include <string>

namespace troupe_cli {

/// A command that has been started: its leader, which is a child of this process and has not been waited for.
struct started_command {
  pid_t pid = 0;
  int pidfd = -1;      ///< to be closed by the caller
  bool traced = false; ///< by the calling thread, as `command::traced` has it
};

/// Starts a command, or throws `start_problem`. Does not look at the timeout and the grace.
/// `additions` are added to its environment as `command::environment` is. Copies neither memory nor page tables, and
/// returns when the program has been executed. To be called on a thread that lives as long as the process: the
/// command is killed when that thread ends.
started_command start_command(
  const command& what, const command_descriptors& to, const std::vector<std::string>& additions);

/// Opens a file that a command writes its output to: what was in it is gone, and several may write to its end. Returns
/// the descriptor, which is not inherited, or -1 with errno.
int open_output_file(const std::string& file);

/// Traces a process that has not begun, as `command::traced` has it, by the calling thread. Returns whether it may.
bool trace_process(pid_t pid) noexcept;

/// Why a command could not be started.
struct start_problem {
  std::string text; ///< one line, with what was tried, what the system says, and what helps
  int number = 0;   ///< errno
};

} // namespace troupe_cli
