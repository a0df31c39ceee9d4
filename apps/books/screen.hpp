#pragma once

#include "progress.hpp"

#include <cstddef>
#include <string_view>

namespace books {

// Standard error, where progress and problems are shown.

/// `terminal`, if it is one.
progress_style screen_style();

/// Its columns; 80 if that is not known.
std::size_t screen_width();

/// Writes at once.
void show(std::string_view text);

} // namespace books
