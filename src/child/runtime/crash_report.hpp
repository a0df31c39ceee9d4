#pragma once

#include "link/shared_region.hpp"

namespace troupe::child {

/// Makes the first stack trace of this process, which loads the unwinder: a signal handler must not do
/// that. Later calls do nothing, also in the children of a zygote that has called it.
void load_unwinder();

/// Installs handlers for the signals that end a faulty program. They leave the stack in `area` and let
/// the signal have its usual effect. Also switches core dumps off. Once per process, on the main thread.
void install_crash_handlers(link::crash_area& area);

} // namespace troupe::child
