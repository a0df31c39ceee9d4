#pragma once

#include "test/framework.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// What the command line of `troupe test` says.
struct test_options {
  std::vector<std::string> binaries{};
  std::vector<std::string> filters{};
  std::vector<std::string> arguments{}; ///< for the binaries, after `--`
  std::string ctest_folder{};
  std::optional<framework> of_framework{};

  unsigned jobs = 0; ///< 0: as many as usable CPUs
  bool group_suites = false;
  bool no_fork = false;
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<std::chrono::milliseconds> slow{};
  std::chrono::milliseconds grace{2'000};
  std::chrono::milliseconds list_timeout{60'000};
  unsigned retries = 0;
  std::set<std::string> retry_causes{"failure", "crash", "timeout", "exit", "left-behind"};
  bool flaky_fails = false;
  unsigned repeat = 1;
  bool until_fail = false;
  bool rerun = false;
  unsigned shard = 0; ///< from 1; 0: all
  unsigned shards = 0;
  std::string settings{};
  std::string junit{};
  std::string json{};
  std::string history{};
  std::string debugger{};
  bool list = false;
  bool verbose = false;
  bool help = false;
  std::string help_text{};
};

/// Throws `usage_problem`.
test_options read_options(const std::vector<std::string>& arguments);

} // namespace troupe_cli::test
