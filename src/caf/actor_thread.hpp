#pragma once

namespace troupe::compat {

/// Lets go of the actor system that CAF has noted for the calling thread, as it does when an actor is spawned.
/// The destructor of an actor system waits until no thread has it noted, and that of this note cannot be
/// run twice: so a runtime can be destroyed by another thread than made it, and when the program exits.
void leave_actor_system();

} // namespace troupe::compat
