#pragma once

#include "child/tasks/task_context.hpp"
#include "child/tasks/worker_actor.hpp"

#include <troupe/detail/bytes.hpp>

#include <cstddef>
#include <exception>
#include <span>

namespace troupe::child {

/// Runs the thunk of the current task, a plain or blocking function; the exception that left it, or null.
std::exception_ptr invoke(
  const accepted_call& call, std::span<const std::byte> arguments, detail::bytes& result) noexcept;

/// A report of what a task threw, encoded. On the thread that caught it, which knows where it was thrown, and
/// in the task's name, for this runs code of the exception.
detail::bytes report(const std::exception_ptr& thrown, const task_context& context);

} // namespace troupe::child
