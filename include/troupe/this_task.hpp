#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/scheduler.hpp>

#include <cstddef>
#include <optional>
#include <stop_token>

#pragma GCC visibility push(default)

/// What a task may know of itself. To be called in a child by the task: by a plain or blocking function
/// on the thread that runs it, or by a coroutine on the event loop. Elsewhere they throw
/// `std::logic_error`.
namespace troupe::this_task {

/// Its id in the pool: the same for all of its attempts.
task_id id();

/// Which attempt this is, from 1.
std::size_t attempt();

/// When this attempt runs into `task_options::timeout`; nothing without one.
std::optional<std::chrono::steady_clock::time_point> deadline();

/// A token whose stop is requested when the task is cancelled or has run into its timeout. A function that
/// looks at it and returns or throws saves its child: one that does not is ended with its child after
/// `pool_options::cancel_grace`. The first call in a plain function starts a thread in the child.
std::stop_token stop_token();

/// The position of its child, 0 to `processes` - 1.
std::size_t child_slot();

} // namespace troupe::this_task

#pragma GCC visibility pop
