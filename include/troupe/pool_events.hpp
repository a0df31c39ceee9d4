#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#include <sys/types.h>

#pragma GCC visibility push(default)

// What the callbacks of `pool_options` are given.
namespace troupe {

/// A child of a pool has run its initializer, and takes tasks; or it is a spare, and waits for a slot.
struct child_started {
  std::string pool;     ///< its name
  std::size_t slot = 0; ///< 0 to `processes` - 1; of a spare, `processes` and more
  pid_t pid = 0;
  bool spare = false;
};

/// A child of a pool is gone.
struct child_ended {
  std::string pool;  ///< its name
  bool died = false; ///< the pool had not asked it to leave
  child_exit exit{}; ///< slot, pid, signal or exit code, reason, stack, last output
};

/// A task of a pool has failed, and is tried again (`task_options::retries`).
struct task_retried {
  std::string pool; ///< its name
  task_id id = 0;
  std::string name{};                ///< `task_options::name`, or empty
  std::uint32_t attempt = 1;         ///< the one that has failed; counts from 1
  std::exception_ptr failure{};      ///< of what
  std::chrono::nanoseconds delay{0}; ///< until the next attempt
};

} // namespace troupe

#pragma GCC visibility pop
