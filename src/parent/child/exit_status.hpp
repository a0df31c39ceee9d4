#pragma once

#include "link/shared_region.hpp"
#include "os/child_descriptor.hpp"

#include <troupe/errors.hpp>

#include <chrono>

namespace troupe::parent {

/// Reaps a child that has ended, and notes how it did and what it used.
void read_exit_status(const os::child_descriptor& child, child_exit& exit);

/// Notes what a crashed child has left. Trusts none of it.
void read_crash_area(const link::crash_area& crash, child_exit& exit);

/// Adds what is known of the cause of a signal that nobody in this process has sent. After `read_crash_area`. `greeted`:
/// the child had come so far that it handled signals.
void add_hint(child_exit& exit, bool greeted);

/// The CPU time that a process has used so far; 0 if it is not known.
std::chrono::microseconds cpu_time_of(pid_t pid);

} // namespace troupe::parent
