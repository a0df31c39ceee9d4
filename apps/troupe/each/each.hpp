#pragma once

#include <string>
#include <vector>

namespace troupe_cli {

/// The verb `each`: runs a command for each input. Returns the exit code.
int run_each(const std::vector<std::string>& arguments);

} // namespace troupe_cli
