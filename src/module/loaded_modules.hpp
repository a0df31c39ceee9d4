#pragma once

#include <troupe/module_host.hpp>

#include <string>

namespace troupe::detail {

/// Throws `module_error`, with the name of the module before the problem.
[[noreturn]] void refuse_module(const std::string& path, const std::string& problem);

/// Loads a module into this process, or finds it loaded, and says what it has. Throws `module_error`.
module_info load_module_here(std::string path);

} // namespace troupe::detail
