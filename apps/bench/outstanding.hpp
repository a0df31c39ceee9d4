#pragma once

#include "benchmark.hpp"

#include <cstddef>

namespace bench {

/// Tasks per second of `count` single `apply(square, i)`, at most `window` outstanding. Each result is checked.
double apply_rate(troupe::pool& pool, long count, std::size_t window);

/// The same of `map(options, square, 0 .. count - 1)`.
double map_rate(troupe::pool& pool, long count, const troupe::map_options& options = {});

} // namespace bench
