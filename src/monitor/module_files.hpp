#pragma once

#include "os/image.hpp"

#include <cstdint>
#include <string>

#include <unistd.h>

namespace troupe::monitor {

/// The file of a module of this process, for others that look for the names of its functions; empty if it is not known.
inline std::string module_file(std::uint32_t module) {
  return module == 0 ? "/proc/" + std::to_string(::getpid()) + "/exe" : os::module_path(module);
}

} // namespace troupe::monitor
