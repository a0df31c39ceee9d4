#pragma once

#include "link/shared_region.hpp"

namespace troupe::child {

/// From here on, a copy of this process that a task makes by `fork` is not a child of the pool: in the
/// copy the shared memory of the link is replaced by memory of its own, so that nothing it does reaches
/// the parent, and `is_copy` is true. Once per process. Throws `std::system_error`.
void disarm_copies(link::shared_region& region);

/// Whether this process is such a copy. Cheap.
bool is_copy() noexcept;

/// Ends a copy, which has come back to where the child's work is done, with a message. Does nothing in the
/// child itself.
void end_copy() noexcept;

} // namespace troupe::child
