#pragma once

#include <cstddef>

namespace troupe::os {

/// Threads of this process that are there to stay: one that has just been joined may be seen a moment
/// longer, and is waited for. A sanitizer's own thread does not count.
std::size_t settled_thread_count();

} // namespace troupe::os
