#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/promise.hpp>
#include <troupe/detail/std_parts.hpp>

#pragma GCC visibility push(default)

namespace troupe {

namespace parent {
class process_control;
}

// What templates in public headers need of a process, without its definition.
namespace detail {

using process_ref = std::shared_ptr<parent::process_control>;

/// Starts the process. `waiter` is resolved when its child has been launched, or with the error.
void start_process(const process_ref& process, const promise_ptr& waiter) noexcept;

/// Starts the process if it was not started. `waiter` is resolved as the process's own call is, when its
/// child is gone, or with the error that keeps it from being waited for.
void await_process(const process_ref& process, const promise_ptr& waiter) noexcept;

/// The call of a process that has ended, with its outcome. Throws `std::logic_error` before that.
promise_ptr completed_call(const process_ref& process);

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
