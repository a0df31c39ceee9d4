#pragma once

#include <troupe/child_limits.hpp>

namespace troupe::child {

/// Puts this process under the limits. Throws `std::system_error`, which names the one that failed.
void apply_limits(const child_limits& wanted);

} // namespace troupe::child
