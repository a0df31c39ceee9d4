#pragma once

#include "support/process_info.hpp"

#include <cstddef>
#include <string>

namespace torture {

using troupe::test::eventually;

/// What of this process a pool may change while it lives, and must give back.
struct footprint {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t children = 0; ///< living ones
  std::size_t zombies = 0;
  std::size_t mappings = 0;    ///< of the library's shared memory
  std::size_t descendants = 0; ///< processes with the mark of this one (descendants.hpp), but it

  static footprint now();
  /// What is more than `before`, in words; empty if nothing is.
  std::string excess_over(const footprint& before) const;
};

/// Anonymous memory that this process has resident, in KiB.
std::size_t anonymous_kilobytes();

} // namespace torture
