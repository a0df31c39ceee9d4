#include "measure.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {

namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

asio::awaitable<int> nap_for(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 1;
}

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

void check(std::int64_t i, std::int64_t result) {
  if (result != i * i)
    throw std::runtime_error(
      "square(" + std::to_string(i) + ") came back as " + std::to_string(result));
}

} // namespace

rate apply_throughput(troupe::runtime& rt, int count, std::size_t window) {
  troupe::pool pool{rt, {.processes = 1}};
  pool.apply(square, 1).get();
  std::deque<troupe::task_future<std::int64_t>> outstanding;
  const auto start = clock::now();
  std::int64_t taken = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (outstanding.size() == window) {
      check(taken++, outstanding.front().get());
      outstanding.pop_front();
    }
    outstanding.push_back(pool.apply(square, i));
  }
  for (; !outstanding.empty(); outstanding.pop_front())
    check(taken++, outstanding.front().get());
  return count / seconds_since(start);
}

rate map_throughput(troupe::runtime& rt, int count) {
  troupe::pool pool{rt, {.processes = 1}};
  pool.apply(square, 1).get();
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  const auto start = clock::now();
  const auto results = pool.map(square, numbers).get();
  const double seconds = seconds_since(start);
  for (std::int64_t i = 0; i < count; ++i)
    check(i, results[static_cast<std::size_t>(i)]);
  return count / seconds;
}

std::chrono::nanoseconds round_trip(troupe::runtime& rt, int count) {
  troupe::pool pool{rt, {.processes = 1}};
  pool.apply(square, 1).get();
  const auto start = clock::now();
  for (std::int64_t i = 0; i < count; ++i)
    check(i, pool.apply(square, i).get());
  return (clock::now() - start) / count;
}

std::chrono::nanoseconds sleeping_tasks(troupe::runtime& rt, std::size_t count,
  std::chrono::milliseconds nap, std::size_t processes, std::size_t concurrency) {
  troupe::pool pool{rt, {.processes = processes, .childconcurrency = concurrency}};
  // The children are up before the clock starts.
  pool
    .map(
      nap_for, std::vector<std::chrono::milliseconds>(processes * 8, std::chrono::milliseconds(1)))
    .get();
  const auto start = clock::now();
  const auto results = pool.map(nap_for, std::vector<std::chrono::milliseconds>(count, nap)).get();
  const auto elapsed = clock::now() - start;
  if (results.size() != count)
    throw std::runtime_error("a sleeping task is missing");
  return elapsed;
}

std::chrono::nanoseconds cold_start(troupe::runtime& rt, int count) {
  std::chrono::nanoseconds total{0};
  for (int i = 0; i < count; ++i) {
    const auto start = clock::now();
    troupe::pool pool{rt, {.processes = 1}};
    check(i, pool.apply(square, i).get());
    total += clock::now() - start;
  }
  return total / count;
}

std::chrono::nanoseconds fresh_child(troupe::runtime& rt, troupe::start_method method, int count) {
  troupe::pool pool{rt, {.processes = 1, .maxtasksperchild = 1, .start_method = method}};
  pool.apply(square, 1).get();
  const auto start = clock::now();
  for (std::int64_t i = 0; i < count; ++i)
    check(i, pool.apply(square, i).get());
  return (clock::now() - start) / count;
}

} // namespace bench
