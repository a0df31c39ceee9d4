#include "benchmark.hpp"
#include "workloads.hpp"

#include <cstddef>
#include <stdexcept>
#include <utility>

#include <sys/resource.h>

namespace bench {

namespace {

long last_digit(long x) {
  return x % 10;
}

// The numbers from 0 to below `limit`, none of which is kept. As `std::views::iota`, which clang before 16 cannot
// compile.
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

std::vector<reading> sum_of_digits(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, {.processes = 2}};
  warm_up(pool);
  long sum = 0;
  const auto begin = clock::now();
  for (const long digit : pool.map(last_digit, numbers_below{count}))
    sum += digit;
  const double seconds = seconds_since(begin);
  long expected = count / 10 * 45;
  for (long x = count / 10 * 10; x < count; ++x)
    expected += x % 10;
  if (sum != expected)
    throw std::runtime_error("the sum of a mapped range is wrong");
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {{"rate", static_cast<double>(count) / seconds, "items/s"}, {"took", seconds, "s"},
    {"resident", static_cast<double>(usage.ru_maxrss) / 1024, "MiB"}};
}

} // namespace

void range(benchmark& on) {
  auto& rt = on.rt;
  const long count = on.with.sized(20'000'000, 10'000);
  on.measure({"a range of integers mapped, 2 children; what the parent had resident at most",
               "items", static_cast<double>(count)},
    {{"map", [&rt, count] { return sum_of_digits(rt, count); }}});
}

} // namespace bench
