#pragma once

#include "measure.hpp"

namespace bench {

/// `count` requests `square(i)` of one CAF actor to a pool of one child, at most `window` outstanding; each
/// response is checked. Throws if one is wrong. A window of hundreds is too many for CAF 0.17, which looks
/// for the handler of a response among all that the actor has open.
rate request_throughput(troupe::runtime& rt, int count, std::size_t window);

/// The time from the SIGKILL of a child until a monitor of an actor that lives there has its down message:
/// the longest of `count`.
std::chrono::nanoseconds down_time(troupe::runtime& rt, int count);

} // namespace bench
