#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#pragma GCC visibility push(default)

namespace troupe {

/// What the child of a slot does.
enum class child_state {
  none,     ///< there is none: it waits to be started
  starting, ///< launched, and not through its initializer
  ready,    ///< takes tasks
  leaving,  ///< takes no more tasks, finishes those that it has, and leaves
};

/// The name of the enumerator.
const char* to_string(child_state state) noexcept;

/// One slot of a pool: its present child and what it has seen so far.
struct child_stats {
  std::size_t slot = 0; ///< 0 to `processes` - 1
  pid_t pid = 0;        ///< 0 while a successor is being started
  child_state state = child_state::none;
  /// When the present child was launched; the epoch if there is none.
  std::chrono::system_clock::time_point started{};
  std::size_t memory = 0;  ///< resident memory of the present child in bytes; 0 if it is not known
  std::uint64_t tasks = 0; ///< tasks that ended here, of all children of this slot
  std::size_t running = 0; ///< tasks that are in the child now
  std::chrono::microseconds cpu{0};    ///< CPU time of all children of this slot
  std::chrono::milliseconds uptime{0}; ///< since the first child of this slot was started
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
  std::size_t spares = 0;      ///< children that are ready, and wait for a slot
  std::vector<child_stats> children; ///< by slot
};

/// A task that has been started and has not ended.
struct running_task {
  task_id id = 0;
  std::string name{};              ///< `task_options::name`, or empty
  std::size_t slot = 0;            ///< of its child
  pid_t pid = 0;                   ///< of its child
  std::uint32_t attempt = 1;       ///< counts from 1
  std::chrono::nanoseconds age{0}; ///< since this attempt was started
  code_location function{};        ///< of a task that has no name
};

} // namespace troupe

#pragma GCC visibility pop
