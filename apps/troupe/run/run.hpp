#pragma once

#include <string>
#include <vector>

namespace troupe_cli {

/// `troupe run`.
int run_jobs(const std::vector<std::string>& arguments);

} // namespace troupe_cli
