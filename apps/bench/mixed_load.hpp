#pragma once

#include <troupe/troupe.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace bench {

/// What came of a few long and many short tasks.
struct mixed_result {
  std::chrono::nanoseconds makespan{0};
  /// The tasks' own times, divided by the number of children.
  std::chrono::nanoseconds ideal{0};
};

/// 10 plain functions of 1 s among 10,000 of 1 ms, in a random order, on 2 children.
mixed_result mixed_load(
  troupe::runtime& rt, std::shared_ptr<troupe::scheduler> scheduler, std::size_t queues);

/// Maps 0 .. count - 1 on 2 children and adds up the results, which are checked; the largest resident
/// size of this process so far, in bytes.
std::size_t range_memory(troupe::runtime& rt, long count);

} // namespace bench
