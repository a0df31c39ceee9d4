#pragma once

#include <iosfwd>

namespace troupe_cli {

/// What this machine offers to pools: CPUs and their quota, pidfd, huge pages, limits. One comment of TOML a line.
void print_machine(std::ostream& out);

} // namespace troupe_cli
