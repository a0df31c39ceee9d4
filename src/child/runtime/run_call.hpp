#pragma once

#include "link/child_settings.hpp"

#include <exception>

namespace troupe::child {

/// Runs a call that is not a task: an initializer, a finalizer, a preload call. What it threw, or null.
/// The empty call does nothing.
std::exception_ptr run_call(const link::wire_call& call);

} // namespace troupe::child
