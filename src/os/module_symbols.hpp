#pragma once

#include "os/noted_modules.hpp"

#include <cstdint>
#include <string>

namespace troupe::os {

/// What stands at a place in a file; empty or 0 where it is not known.
struct module_symbol {
  std::string function; ///< demangled
  std::string file;
  int line = 0;
};

/// Looks in the file of a module that is not loaded here, if it is still the same. With libdw, which takes milliseconds.
module_symbol find_in_file(const known_module& module, std::uint64_t offset);

} // namespace troupe::os
