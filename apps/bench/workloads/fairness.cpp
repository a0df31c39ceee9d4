#include "benchmark.hpp"
#include "workloads.hpp"

#include <troupe/cpus.hpp>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>
#include <utility>

namespace bench {

namespace {

std::int64_t busy_for(std::int64_t nanoseconds) {
  const auto begin = clock::now();
  while ((clock::now() - begin).count() < nanoseconds) {
  }
  return nanoseconds;
}

constexpr std::int64_t task_time = 50'000; // ns

void map_busy(troupe::pool& pool, std::size_t count, std::atomic<std::size_t>& taken) {
  for ([[maybe_unused]] const auto each :
    pool.map(busy_for, std::vector<std::int64_t>(count, task_time)))
    ++taken;
}

// Two threads map the same at the same time: how much the other one has when the first is done, in percent.
std::vector<reading> two_callers(troupe::runtime& rt, std::size_t count) {
  troupe::pool pool{rt};
  warm_up(pool);
  std::atomic<std::size_t> taken[2] = {0, 0};
  std::atomic<int> ended = 0;
  double behind = 0;
  std::latch both(2);
  const auto call = [&](std::size_t i) {
    both.arrive_and_wait();
    map_busy(pool, count, taken[i]);
    if (ended++ == 0)
      behind = 100.0 * static_cast<double>(taken[1 - i]) / static_cast<double>(count);
  };
  std::thread other([&] { call(1); });
  call(0);
  other.join();
  return {{"has", behind, "%"}};
}

// Single tasks while a long map runs in the same pool.
std::vector<reading> beside_a_map(
  troupe::runtime& rt, std::size_t count, const troupe::task_options& options) {
  troupe::pool pool{rt};
  warm_up(pool);
  std::atomic<std::size_t> taken = 0;
  std::thread other([&] { map_busy(pool, count, taken); });
  while (taken == 0)
    std::this_thread::yield();
  std::vector<double> times;
  while (taken < count || times.empty()) {
    const auto begin = clock::now();
    check_square(3, pool.apply(options, square, 3).get());
    times.push_back(microseconds_since(begin) / 1000);
  }
  other.join();
  return percentiles(std::move(times), "ms");
}

// How many of the tasks the child with the fewest has, in percent of an equal share.
std::vector<reading> shares_of_children(troupe::runtime& rt, std::size_t count) {
  troupe::pool pool{rt};
  warm_up(pool);
  std::atomic<std::size_t> taken = 0;
  map_busy(pool, count, taken);
  const auto all = pool.stats().children;
  std::uint64_t sum = 0;
  std::uint64_t fewest = all.front().tasks;
  for (const auto& child : all) {
    sum += child.tasks;
    fewest = std::min(fewest, child.tasks);
  }
  return {{"share",
    100.0 * static_cast<double>(fewest) * static_cast<double>(all.size()) /
      static_cast<double>(sum),
    "%"}};
}

} // namespace

void fairness(benchmark& on) {
  auto& rt = on.rt;
  const auto count = static_cast<std::size_t>(on.with.sized(20'000, 500));
  on.measure({"two threads map the same in one pool, tasks of 50 us, a child for each CPU"},
    {{"the slower one, when one is done", [&rt, count] { return two_callers(rt, count); }}});
  on.measure({"single tasks beside a map of tasks of 50 us in the same pool"},
    {{"apply", [&rt, count] { return beside_a_map(rt, count, {}); }},
      {"apply, a higher priority",
        [&rt, count] { return beside_a_map(rt, count, {.priority = 5}); }}});
  on.measure({"what children have of a map of tasks of 50 us, of an equal share"},
    {{"the child with the fewest", [&rt, count] { return shares_of_children(rt, count); }}});
}

} // namespace bench
