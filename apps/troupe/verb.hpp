#pragma once

#include <string>
#include <vector>

namespace troupe_cli {

/// What stands after `troupe` on the command line, and what does it.
struct verb {
  const char* name;
  const char* summary; ///< one line for `troupe --help`
  /// Does it, with the arguments after the verb, and returns the exit code of the program. In `main` of the parent;
  /// children never come here.
  int (*run)(const std::vector<std::string>& arguments);
};

} // namespace troupe_cli
