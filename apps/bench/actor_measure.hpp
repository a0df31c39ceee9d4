#pragma once

#include "measure.hpp"

namespace bench {

/// `count` requests `square(i)` of CAF actors to a pool of one child, at most `window` outstanding; each
/// response is checked. Throws if one is wrong. Several actors share the work, because CAF 0.17 looks for
/// the handler of a response among all that the actor has open.
rate request_throughput(troupe::runtime& rt, int count, std::size_t window);

} // namespace bench
