#pragma once

#include "each/options.hpp"

namespace troupe_cli {

/// `troupe each --task MODULE:NAME`: calls a task of a module for each input, and prints the results in the order of the
/// inputs, a line each; a task without a result prints nothing. Returns the exit code.
int run_task_lines(const each_options& options);

} // namespace troupe_cli
