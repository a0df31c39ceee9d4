#pragma once

#include "link/child_settings.hpp"

namespace troupe::child {

/// Puts this process, which must have one thread, and whatever it starts into a sandbox, from which there is no way
/// out. Throws `troupe::error` or `std::system_error`, which say what is lacking; then the process must not go on.
void guard(const link::child_guard& wanted);

} // namespace troupe::child
