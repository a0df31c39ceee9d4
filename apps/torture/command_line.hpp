#pragma once

#include "settings.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace torture {

struct command_line {
  settings with{};
  std::string name{}; ///< of the sub-command
  /// Of the hidden sub-command that `orphans` starts.
  std::string state{};
};

/// What is to be done, or the exit code if there is nothing to do. `names` are the sub-commands and what they do.
std::variant<command_line, int> read_command_line(
  int argc, char** argv, const std::vector<std::pair<std::string, std::string>>& names);

} // namespace torture
