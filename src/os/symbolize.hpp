#pragma once

#include <troupe/errors.hpp>

#include <string>
#include <vector>

namespace troupe::os {

/// One line a frame, "#0 function at file:line", innermost first; what is below the task's own frames
/// is left out. Resolves symbols with libdw, which takes milliseconds; serialised by a lock. Control
/// characters are escaped: the places come from another process.
std::string symbolize(const std::vector<code_location>& frames);

} // namespace troupe::os
