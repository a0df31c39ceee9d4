#pragma once

#include "link/shared_region.hpp"

namespace troupe::child {

/// Installs handlers for the signals that end a faulty program. They leave in `area` which task the faulty
/// thread executes, what has happened where, and the stack, and let the signal have its usual effect. The task is left
/// there also by `exit`. Also switches core dumps off. Once per process, on the main thread, which also gets a
/// `signal_stack`.
void install_crash_handlers(link::crash_area& area);

/// Leaves which task the calling thread executes, which ends the process. The first call counts. Async-signal-safe.
void leave_culprit() noexcept;

/// Nothing is left there any more. Async-signal-safe.
void forget_crash_area() noexcept;

} // namespace troupe::child
