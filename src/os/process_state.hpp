#pragma once

#include <cstddef>

#include <sys/types.h>

namespace troupe::os {

/// What the kernel says that a process does at present (proc(5), /proc/PID/status).
struct process_state {
  bool runs = false;    ///< it is on a CPU, waits for one, or for a disk; also if nothing is known
  bool stopped = false; ///< by a signal
  bool traced = false;  ///< a debugger holds it
};

process_state look_at_process(pid_t pid);

/// The resident memory of a process in bytes (proc(5), /proc/PID/statm); 0 if it is not known.
std::size_t resident_memory(pid_t pid);

} // namespace troupe::os
