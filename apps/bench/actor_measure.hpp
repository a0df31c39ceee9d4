#pragma once

#include "measure.hpp"

namespace bench {

/// `count` requests `square(i)` of one CAF actor to a pool of one child, at most `window` outstanding;
/// each response is checked. Throws if one is wrong.
rate request_throughput(troupe::runtime& rt, int count, std::size_t window);

} // namespace bench
