#pragma once

#include <string>
#include <vector>

namespace troupe_cli {

/// `troupe check`.
int check(const std::vector<std::string>& arguments);

} // namespace troupe_cli
