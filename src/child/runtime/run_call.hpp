#pragma once

#include "child/runtime/known_modules.hpp"
#include "link/child_settings.hpp"

#include <exception>

namespace troupe::child {

/// Runs a call that is not a task: an initializer, a finalizer, a preload call. What it threw, or null.
/// The empty call does nothing. `modules` say why its code may not be here.
std::exception_ptr run_call(const link::wire_call& call, const known_modules& modules = {});

} // namespace troupe::child
