#pragma once

#include <string>

namespace troupe::test {

/// The directory that XDG_RUNTIME_DIR names in this program: one for its tests alone. Its runtime can be watched.
std::string runtime_directory();

/// The path of the socket of this program.
std::string own_socket();

} // namespace troupe::test
