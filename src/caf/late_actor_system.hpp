#pragma once

#include "caf/caf_compat.hpp"

namespace troupe::compat {

/// An actor system for a process in which actors of the program are rare: the threads of its scheduler are started when
/// there is something for them. Tasks and the worker actor run on the child's loop, so most children never need them,
/// and start faster. One per process, made by the first call. Never destroyed.
caf::actor_system& late_actor_system();

/// Starts its threads, unless they have been. Some of what needs them, timeouts and `aout`, does not go through the
/// scheduler: call it before the first actor of the program is made. Throws `std::system_error` if a thread cannot be
/// made, also when it is called again. Thread-safe.
void wake_actor_system();

/// Whether a process that has to stay without threads, as a zygote, may have that actor system.
bool actor_system_has_no_threads() noexcept;

} // namespace troupe::compat
