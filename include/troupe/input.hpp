#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

namespace troupe {

/// What a child reads from its stdin.
enum class input {
  null, ///< nothing: it is /dev/null, so what a task reads does not take anything away from the parent

  /// The parent's own stdin, from when the child is set up; before that, it is /dev/null. What one process
  /// reads, no other gets, and what the parent has buffered, no child gets. A terminal gives children
  /// nothing: it belongs to the process group of the parent, and a read in a child fails with EIO.
  inherit,
};

} // namespace troupe

#pragma GCC visibility pop
