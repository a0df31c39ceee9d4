#pragma once

#include "jobs/job_file.hpp"

#include <string>
#include <variant>
#include <vector>

namespace troupe_cli {

/// What follows `troupe check` or `troupe run`.
struct file_arguments {
  job_file_options file{};
  std::vector<std::string> jobs{}; ///< of `run`,
  std::string journal{};           ///< ... a file for a journal; empty: none
  bool resume = false;             ///< ... whether it goes on with that
  bool retry_failed = false;       ///< ... also with what has failed
  std::string trace{};             ///< ... and a file for a trace; empty: none
  bool print = false;              ///< of `check`
};

/// Reads it; an exit code if there is nothing to do or something is wrong, which has been said by then.
std::variant<file_arguments, int> read_check_arguments(const std::vector<std::string>& arguments);
std::variant<file_arguments, int> read_run_arguments(const std::vector<std::string>& arguments);

} // namespace troupe_cli
