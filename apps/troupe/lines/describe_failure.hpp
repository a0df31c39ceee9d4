#pragma once

#include <exception>
#include <string>

namespace troupe_cli {

/// How a failure is told: what the task threw and for what, or what became of its child. Printable.
std::string describe_failure(const std::exception_ptr& failure);

} // namespace troupe_cli
