#pragma once

#include "each/command_template.hpp"
#include "each/rules.hpp"

#include <troupe/child_limits.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe_cli {

/// Everything that `troupe each` can be told.
struct each_options {
  // -- what is done, for which inputs
  command_template command{};
  std::string task{};                                  ///< "MODULE:NAME", instead of a command
  std::optional<std::vector<std::string>> arguments{}; ///< after ":::"
  std::string input_file{};                            ///< empty: stdin
  char delimiter = '\n';
  std::vector<std::string> environment{}; ///< "NAME=VALUE", or "NAME" of this process

  // -- how much at once
  std::size_t jobs = 0; ///< 0: as many as usable CPUs
  std::size_t concurrency =
    0; ///< commands of one child; 0: whatever divides the jobs among the CPUs
  std::chrono::milliseconds delay{0};
  double load = 0;         ///< 0: whatever it is
  std::size_t memfree = 0; ///< 0: whatever there is

  // -- when something fails
  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds grace{2000};
  retry_rules retries{};
  halt_rule halt{};
  troupe::child_limits limits{};

  // -- what becomes of the output
  bool keep_order = false;
  bool tag = false;
  bool ungroup = false;
  std::string output_dir{};
  std::string spool{};
  bool quiet = false;

  // -- the journal
  std::string journal{};
  bool resume = false;
  bool retry_failed = false;
  bool longest_first = false;

  std::string trace{}; ///< a file; empty: none
  bool dry_run = false;
};

/// Reads the command line. Gives an exit code instead if all is said already (`--help`), and throws `usage_problem`.
std::variant<each_options, int> read_each_options(const std::vector<std::string>& arguments);

} // namespace troupe_cli
