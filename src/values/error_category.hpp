#pragma once

#include <string>
#include <system_error>

namespace troupe::detail {

/// The error category of that name in this process. For a name that this process does not know, a
/// category that keeps nothing but the name; both live for as long as the process.
const std::error_category& category_named(const std::string& name);

} // namespace troupe::detail
