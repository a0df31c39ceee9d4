#include "mixed_load.hpp"

#include <algorithm>
#include <cstddef>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/resource.h>

namespace bench {

namespace {

using namespace std::chrono_literals;

// How long it took: sleeping is not exact.
std::chrono::nanoseconds nap(std::chrono::microseconds time) {
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(time);
  return std::chrono::steady_clock::now() - start;
}

long last_digit(long x) {
  return x % 10;
}

// The numbers from 0 to below `limit`, none of which is kept. As `std::views::iota`, which clang before 16 cannot compile.
struct numbers_below {
  struct iterator {
    using value_type = long;
    using difference_type = std::ptrdiff_t;

    long value = 0;

    long operator*() const { return value; }
    iterator& operator++() {
      ++value;
      return *this;
    }
    void operator++(int) { ++value; }
    bool operator==(const iterator&) const = default;
  };

  long limit = 0;

  iterator begin() const { return {0}; }
  iterator end() const { return {limit}; }
};

} // namespace

mixed_result mixed_load(
  troupe::runtime& rt, std::shared_ptr<troupe::scheduler> scheduler, std::size_t queues) {
  std::vector<std::chrono::microseconds> naps(10, 1s);
  naps.resize(10'010, 1ms);
  std::shuffle(naps.begin(), naps.end(), std::mt19937(7));
  troupe::pool pool{rt, {.processes = 2, .queuecount = queues, .scheduler = std::move(scheduler)}};
  pool.map(nap, std::vector(10, std::chrono::microseconds(0))).get();
  const auto start = std::chrono::steady_clock::now();
  mixed_result result;
  for (const auto took : pool.map(nap, naps))
    result.ideal += took / 2;
  result.makespan = std::chrono::steady_clock::now() - start;
  return result;
}

std::size_t range_memory(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, {.processes = 2}};
  long sum = 0;
  for (const long digit : pool.map(last_digit, numbers_below{count}))
    sum += digit;
  long expected = count / 10 * 45;
  for (long x = count / 10 * 10; x < count; ++x)
    expected += x % 10;
  if (sum != expected)
    throw std::runtime_error("the sum of a mapped range is wrong");
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

} // namespace bench
