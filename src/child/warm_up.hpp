#pragma once

namespace troupe::child {

/// Makes what every child makes, and drops it again, so that a zygote's children find its code linked and
/// its memory in place: they start in two thirds of the time. The threads that this takes have ended when
/// it returns.
void warm_up();

} // namespace troupe::child
