#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace bench {

using clock = std::chrono::steady_clock;

/// One measured quantity.
struct reading {
  std::string what; // of it: "rate", "p99"
  double value = 0;
  std::string unit;
};

/// The value below which that part (0 to 1) of `values` lies: the nearest rank. Sorts them; they must not be empty.
double quantile(std::vector<double>& values, double part);

/// p50, p99 and p99.9 of times in that unit; of fewer than 1000, p50, p99 and the longest.
std::vector<reading> percentiles(std::vector<double> times, const std::string& unit);

inline double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

inline double microseconds_since(clock::time_point start) {
  return seconds_since(start) * 1e6;
}

/// The percentiles of `trip(i)` for i below `count`, each timed in microseconds, after a tenth as many that are not.
template <class Trip>
std::vector<reading> timed_trips(long count, Trip trip) {
  for (long i = 0; i < count / 10; ++i)
    trip(i);
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(count));
  for (long i = 0; i < count; ++i) {
    const auto start = clock::now();
    trip(i);
    times.push_back(microseconds_since(start));
  }
  return percentiles(std::move(times), "us");
}

/// What a baseline that is a program of its own tells on its standard output: a line for each reading.
void print(const std::vector<reading>& readings);

} // namespace bench
