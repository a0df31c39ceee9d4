#pragma once

#include <chrono>
#include <optional>

#include <sys/types.h>

namespace troupe::os {

/// The time since the system was started.
std::chrono::nanoseconds boot_time() noexcept;

/// The `boot_time` at which a process was started, rounded down to `start_time_unit`; nothing if it is not
/// known. Needs no memory: who asks for it has a process that must not be forgotten.
std::optional<std::chrono::nanoseconds> start_time(pid_t pid) noexcept;
std::chrono::nanoseconds start_time_unit() noexcept;

} // namespace troupe::os
