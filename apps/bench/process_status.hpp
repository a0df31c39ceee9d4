#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace bench {

/// In MiB, what a process has in memory, with what it shares divided by those who share it (PSS). Throws if the
/// kernel does not say.
double proportional_memory(pid_t pid);

/// How often the threads of a process have gone to sleep and been woken, the calling thread excepted.
std::uint64_t wake_ups(pid_t pid);

} // namespace bench
