#pragma once

#include "each/options.hpp"

#include <string>

namespace troupe_cli {

/// `troupe each --task MODULE:NAME`: calls a task of a module for each input, and prints the results in the order of the
/// inputs, a line each; a task without a result prints nothing. Returns the exit code. `command_line` is for the journal.
int run_task_lines(const each_options& options, const std::string& command_line);

} // namespace troupe_cli
