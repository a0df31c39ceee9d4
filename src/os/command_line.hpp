#pragma once

#include <string>
#include <vector>

namespace troupe::os {

/// The command line by which this process was started, as the kernel has it: also if it was started through the
/// dynamic loader. Empty if that cannot be read.
std::vector<std::string> command_line();

} // namespace troupe::os
