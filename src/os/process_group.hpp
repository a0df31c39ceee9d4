#pragma once

#include "os/child_descriptor.hpp"

#include <sys/types.h>

namespace troupe::os {

// The process group of a child: the child, which leads it (`set_up_fork`), and what it has started, unless
// that has made a group of its own. The group lives on when its leader has ended.

/// Sends a signal to a child of this process, and to its group. `pid` is that of `child`.
void signal_group(const child_descriptor& child, pid_t pid, int number) noexcept;

/// Kills what is left of the group of a child that has ended, but has not been waited for: as long as it
/// has not, its pid names no other process or group. If other code has waited for it already, this kills
/// only where the kernel can tell the group from a later one of the same number (since Linux 6.9).
void end_group(const child_descriptor& child, pid_t pid) noexcept;

} // namespace troupe::os
