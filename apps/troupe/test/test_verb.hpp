#pragma once

#include <string>
#include <vector>

namespace troupe_cli {

/// `troupe test`: see verb.hpp.
int run_test_verb(const std::vector<std::string>& arguments);

} // namespace troupe_cli
