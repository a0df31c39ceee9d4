#pragma once

#include <exception>
#include <string>

namespace troupe::values {

/// The message of an exception, escaped: it may come from a child.
std::string message_of(const std::exception_ptr& error);

/// As `message_of`, with the type's name in front if the exception comes from a child.
std::string describe(const std::exception_ptr& error);

/// A `start_failed` with that message, in which `cause` is nested.
std::exception_ptr start_failure(const std::string& message, const std::exception_ptr& cause);

} // namespace troupe::values
