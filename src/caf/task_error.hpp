#pragma once

#include "compat/task_error_code.hpp"

#include <troupe/actor.hpp>

#include <exception>
#include <string>

namespace troupe::compat {

/// The error that tells an actor of a task's failure. Its context is the text, the name of the
/// exception's type, and the exception.
caf::error error_of(const std::exception_ptr& failure) noexcept;

/// The same with a code of the caller's choice.
caf::error error_of(task_error code, const std::exception_ptr& failure) noexcept;

/// Such an error in words.
std::string text_of(task_error code, const caf::message& context);

} // namespace troupe::compat
