#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <sys/types.h>

namespace troupe::os {

// These need no memory (process_file.hpp).

/// What the kernel says that a process does at present (proc(5), /proc/PID/status).
struct process_state {
  bool runs = false;    ///< it is on a CPU, waits for one, or for a disk; also if nothing is known
  bool stopped = false; ///< by a signal
  bool traced = false;  ///< a debugger holds it
};

process_state look_at_process(pid_t pid) noexcept;

/// Whether its first thread has begun to end, by itself or by a signal, so that its descriptors are closed for that.
bool is_ending(pid_t pid) noexcept;

/// The CPU time that the first thread of a process has used (proc(5), schedstat); 0 if it is not known.
std::chrono::nanoseconds cpu_time_of_first_thread(pid_t pid) noexcept;

/// The memory of a process that is resident (proc(5), /proc/PID/statm), in bytes.
struct resident_parts {
  std::size_t all = 0;
  std::size_t with_file = 0; ///< a file, or shared memory, is behind it
};
/// Nothing if it is not known; then `errno` says why, or is 0.
std::optional<resident_parts> resident_parts_of(pid_t pid) noexcept;
/// All of it; 0 if it is not known.
std::size_t resident_memory(pid_t pid) noexcept;

} // namespace troupe::os
