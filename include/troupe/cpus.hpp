#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstddef>

#pragma GCC visibility push(default)

namespace troupe {

/// The number of CPUs that this process may use: the affinity mask, and the CPU quota of its cgroup
/// (v2 `cpu.max`, v1 `cpu.cfs_quota_us`) rounded up, whichever is less; at least 1. Determined once.
/// Thread-safe.
std::size_t usable_cpus();

} // namespace troupe

#pragma GCC visibility pop
