#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace troupe_cli {

/// The verb `log`: shows the attempts of a journal. Returns the exit code.
int run_log(const std::vector<std::string>& arguments);

/// What of a journal is shown.
struct log_options {
  std::string file{};
  bool failed = false;
  std::size_t slowest = 0; ///< 0: all, in the order of their beginning
  bool json = false;
};

/// Prints to stdout. Throws `broken_problem`. Returns how many attempts there were to show.
std::size_t print_log(const log_options& options);

} // namespace troupe_cli
