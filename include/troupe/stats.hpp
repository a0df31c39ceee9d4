#pragma once

#include <troupe/detail/compiler.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#pragma GCC visibility push(default)

namespace troupe {

/// One position of a pool: its present child and what it has seen so far.
struct child_stats {
  std::size_t slot = 0;                ///< 0 to `processes` - 1
  pid_t pid = 0;                       ///< 0 while a successor is being started
  std::uint64_t tasks = 0;             ///< tasks that ended here, of all children of this position
  std::size_t running = 0;             ///< tasks that are in the child now
  std::chrono::microseconds cpu{0};    ///< CPU time of all children of this position
  std::chrono::milliseconds uptime{0}; ///< since the first child of this position was started
  std::size_t restarts = 0; ///< successors started: after deaths, and after `maxtasksperchild`
};

/// A snapshot of a pool.
struct pool_stats {
  std::string name;
  std::uint64_t submitted = 0;
  std::uint64_t succeeded = 0; ///< ended with a value
  std::uint64_t failed = 0;    ///< threw
  std::uint64_t lost = 0;      ///< their child died
  std::uint64_t timed_out = 0; ///< ran longer than their `timeout`
  std::uint64_t expired = 0;   ///< were not started within their `expires`
  std::uint64_t retried = 0;   ///< attempts beyond the first, after a failure
  std::uint64_t cancelled = 0; ///< dropped by `cancel`, `terminate`, or because the pool failed
  std::size_t queued = 0;      ///< wait in the parent
  std::size_t running = 0;     ///< are in a child
  std::uint64_t deaths = 0;    ///< children that died unasked
  std::vector<child_stats> children; ///< by slot
};

} // namespace troupe

#pragma GCC visibility pop
