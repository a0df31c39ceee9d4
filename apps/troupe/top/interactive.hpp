#pragma once

#include "exit_code.hpp"
#include "top/symbols.hpp"
#include "top/view.hpp"
#include "top/watched_list.hpp"

#include <chrono>

namespace troupe_cli {

/// How what has no name is called, as `names` finds it.
view_names names_of(symbols& names);

/// Shows the processes of a list on the terminal until the user leaves. The exit code of the program, which is
/// 128 and the number of the signal if one ended it. Throws `std::runtime_error` if the terminal cannot be used.
int watch_on_terminal(watched_list& watched, std::chrono::milliseconds interval);

} // namespace troupe_cli
