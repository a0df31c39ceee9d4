#pragma once

#include "policy/task_ledger.hpp"

#include <troupe/detail/promise.hpp>
#include <troupe/pool_events.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

namespace troupe::policy {

/// What `troupe::task_ended` says, as the machine has it: nothing is copied, so that to tell it needs no memory.
struct ended_run {
  struct span {
    std::chrono::steady_clock::time_point began;
    std::chrono::nanoseconds ran;
  };

  const task_ledger::entry& entry;
  const detail::outcome* result = nullptr; ///< null: `failure`
  std::exception_ptr failure{};
  bool cancelled = false; ///< whatever the failure is
  bool again = false;
  std::size_t items = 1;
  std::size_t failed = 0;
  std::optional<span> when{}; ///< nothing: no child has begun it
  std::uint32_t seat = 0;     ///< of the child that has begun it
  std::size_t slot = 0;
  std::chrono::steady_clock::time_point now{};
  std::size_t queued = 0;
};

/// All of it but the pool's name and the pid. Looks at what was thrown. Throws `std::bad_alloc`.
task_ended described(const ended_run& run);

struct slow_run;

/// The same of a task that takes long, without its stack. Throws `std::bad_alloc`.
task_slow described(const slow_run& run);

} // namespace troupe::policy
