#include "outstanding.hpp"

#include <deque>
#include <numeric>
#include <vector>

namespace bench {

double apply_rate(troupe::pool& pool, long count, std::size_t window) {
  std::deque<troupe::task_future<std::int64_t>> outstanding;
  const auto start = clock::now();
  std::int64_t taken = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (outstanding.size() == window) {
      check_square(taken++, outstanding.front().get());
      outstanding.pop_front();
    }
    outstanding.push_back(pool.apply(square, i));
  }
  for (; !outstanding.empty(); outstanding.pop_front())
    check_square(taken++, outstanding.front().get());
  return static_cast<double>(count) / seconds_since(start);
}

double map_rate(troupe::pool& pool, long count, const troupe::map_options& options) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  const auto start = clock::now();
  const auto results = pool.map(options, square, numbers).get();
  const double seconds = seconds_since(start);
  for (std::int64_t i = 0; i < count; ++i)
    check_square(i, results[static_cast<std::size_t>(i)]);
  return static_cast<double>(count) / seconds;
}

} // namespace bench
