#pragma once

#include "link/shared_region.hpp"

namespace troupe::child {

/// Lets each thread that gets SIGURG leave its stack in `area`, if the parent has asked there. That signal is one which
/// programs ignore unless they say otherwise. Once per process, on the main thread.
void install_stack_handler(link::stack_area& area);

/// Nothing is left there any more. Async-signal-safe.
void forget_stack_area() noexcept;

} // namespace troupe::child
