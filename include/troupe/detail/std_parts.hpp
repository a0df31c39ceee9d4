#pragma once

#include <troupe/detail/compiler.hpp>

// Durations and clocks, smart pointers, and the concepts of ranges: not all of <chrono>, <memory> and <ranges>, whose
// calendar, algorithms and views would cost every file that includes troupe a tenth of its compiler's memory.
// libstdc++ has these parts in files of their own, or with <string_view>; elsewhere the whole headers have them.
#if __has_include(<bits/chrono.h>) && __has_include(<bits/shared_ptr.h>) &&                        \
  __has_include(<bits/unique_ptr.h>)
#include <string_view>

#include <bits/chrono.h>
#include <bits/shared_ptr.h>
#include <bits/unique_ptr.h>
#else
#include <chrono>
#include <memory>
#include <ranges>
#endif
