#pragma once

#include <troupe/stats.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

namespace books {

/// What a run came to, with a line for each child: how many tasks it did and which share of the
/// time it used a CPU.
std::string run_summary(std::size_t requests, std::chrono::milliseconds elapsed,
  std::span<const troupe::child_stats> children);

} // namespace books
