#pragma once

#include "caf/caf_compat.hpp"

namespace troupe::compat {

/// An actor system for a process in which actors of the program are rare: its threads are started when there is something
/// for them. Tasks and the worker actor run on the child's loop, so most children never need them, and start faster, also
/// by being forked. One per process, made by the first call. Never destroyed.
caf::actor_system& late_actor_system();

/// Starts its threads, unless they have been. Some of what needs them, timeouts and `aout`, does not go through the
/// scheduler: call it before the first actor of the program is made. Throws `std::system_error` if a thread cannot be
/// made, also when it is called again. Thread-safe.
void wake_actor_system();

} // namespace troupe::compat
