#pragma once

#include <cstdint>
#include <string>

namespace troupe::link {

/// What a child must know of a module beside the program itself before a call of it comes: payload of a
/// `module` frame, and part of its settings.
struct module_notice {
  std::uint32_t id = 0; ///< as in a `code_location`
  std::string path;
  bool load = false; ///< the child loads it (`runtime::load_module`)
};

} // namespace troupe::link
