#pragma once

#include <troupe/troupe.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bench {

/// Tasks per second.
using rate = double;

/// The task that most measurements run.
inline std::int64_t square(std::int64_t x) {
  return x * x;
}

/// `count` individual `apply(square, i)` on one child, at most `window` outstanding; each result is
/// checked. Throws if one is wrong.
rate apply_throughput(troupe::runtime& rt, int count, std::size_t window);

/// `map(square, 0 .. count - 1)` on one child, results checked.
rate map_throughput(troupe::runtime& rt, int count);

/// Mean time of `apply(square, i).get()`, one after the other.
std::chrono::nanoseconds round_trip(troupe::runtime& rt, int count);

/// Time of `count` coroutine tasks that sleep `nap` on `processes` children.
std::chrono::nanoseconds sleeping_tasks(troupe::runtime& rt, std::size_t count,
  std::chrono::milliseconds nap, std::size_t processes, std::size_t concurrency);

/// Mean time from asking for a one-child pool until its first task has returned.
std::chrono::nanoseconds cold_start(troupe::runtime& rt, int count);

/// Mean time of `count` tasks of which each runs on a fresh child, by that start method.
std::chrono::nanoseconds fresh_child(troupe::runtime& rt, troupe::start_method method, int count);

} // namespace bench
