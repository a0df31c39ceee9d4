#pragma once

#include "link/shared_region.hpp"
#include "os/child_descriptor.hpp"

#include <troupe/errors.hpp>

#include <chrono>

namespace troupe::parent {

/// Reaps a child that has ended, and notes how it did and what it used.
void read_exit_status(const os::child_descriptor& child, child_exit& exit);

/// Notes the stack that a crashed child has left. Trusts none of it.
void read_crash_area(const link::crash_area& crash, child_exit& exit);

/// The CPU time that a process has used so far; 0 if it is not known.
std::chrono::microseconds cpu_time_of(pid_t pid);

} // namespace troupe::parent
