#pragma once

#include "benchmark.hpp"

#include <string>
#include <variant>
#include <vector>

namespace bench {

struct command_line {
  settings with;
  bool json = false;
  std::string plot_file{}; // empty: none
  std::vector<const workload*> workloads{};
};

/// What the program is to do; or, if that was all it was asked for or it was asked wrongly, its exit code, of which a
/// message has told.
std::variant<command_line, int> read_command_line(int argc, char** argv);

} // namespace bench
