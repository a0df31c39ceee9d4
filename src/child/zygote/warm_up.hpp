#pragma once

namespace troupe::child {

/// Makes what every child makes: the actor system, which the children of a zygote then have, and an event
/// loop, of which they find the code linked and the memory in place. Starts no thread.
void warm_up();

} // namespace troupe::child
