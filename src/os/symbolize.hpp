#pragma once

#include <troupe/errors.hpp>

#include <string>
#include <vector>

namespace troupe::os {

/// One line a frame, "#0 function at file:line", innermost first; what is below the task's own frames
/// is left out. Frames of Asio and CAF are folded, and so are those that repeat. Where there is no symbol, the module's path,
/// the offset in it and its build id are shown. Resolves symbols with libdw, which takes milliseconds; what has not been
/// resolved within `limits::symbol_patience` is shown without. Serialised by a lock. Control characters are escaped: the
/// places come from another process.
std::string symbolize(const std::vector<code_location>& frames);

/// The demangled name of the function that begins at a place, escaped. As costly as a frame.
std::string name_of_function(const code_location& place);

} // namespace troupe::os
