#pragma once

#include "link/shared_region.hpp"

namespace troupe::child {

/// Lets what is said of the end of this process be left in `area`: by `std::terminate` and by sanitizers. The first
/// message counts. Once per process, on the main thread.
void install_message_handlers(link::crash_area& area);

/// Leaves what the C library says of why it has called `abort`, such as `assert` or "free(): invalid pointer", unless
/// something has been said before. Async-signal-safe.
void leave_abort_message() noexcept;

/// Nothing is left there any more. Async-signal-safe.
void forget_messages() noexcept;

} // namespace troupe::child
