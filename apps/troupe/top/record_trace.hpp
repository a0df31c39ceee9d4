#pragma once

#include "top/watched_list.hpp"

#include <string>

namespace troupe_cli {

/// Records what happens in the pools of a process, of which there is one in the list, until a signal or the process ends
/// that, and writes it to a file as a trace for Perfetto. The exit code of the program. Throws `std::runtime_error`, and
/// `broken_problem` if the file cannot be written.
int record_trace(const watched_list& watched, const std::string& file);

} // namespace troupe_cli
