#pragma once

#include "link/child_settings.hpp"

namespace troupe::child {

/// Gives this process the environment, the directory and the umask that its pool wants. Throws
/// `std::system_error`, which names the option that cannot be followed.
void settle_in(const link::child_place& wanted);

} // namespace troupe::child
