#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "workloads.hpp"

#include <troupe/cpus.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace bench {

namespace {

// Works for that many nanoseconds, and tells how long it was: a child may be interrupted meanwhile.
std::int64_t work_for(std::int64_t nanoseconds) {
  const auto begin = clock::now();
  for (;;) {
    const auto worked = (clock::now() - begin).count();
    if (worked >= nanoseconds)
      return worked;
  }
}

// The tasks' own times, divided among the children, in percent of the time that it took.
std::vector<reading> efficiency(std::int64_t worked, std::size_t children, double seconds) {
  return {
    {"of ideal", static_cast<double>(worked) / 1e7 / static_cast<double>(children) / seconds, "%"},
    {"makespan", seconds * 1000, "ms"}};
}

std::vector<reading> worked_by_map(troupe::runtime& rt, const std::vector<std::int64_t>& times) {
  troupe::pool pool{rt};
  warm_up(pool);
  std::int64_t worked = 0;
  const auto begin = clock::now();
  for (const auto each : pool.map(work_for, times))
    worked += each;
  return efficiency(worked, pool.options().processes, seconds_since(begin));
}

std::vector<reading> worked_singly(troupe::runtime& rt, const std::vector<std::int64_t>& times) {
  troupe::pool pool{rt};
  warm_up(pool);
  std::deque<troupe::task_future<std::int64_t>> outstanding;
  std::int64_t worked = 0;
  const auto begin = clock::now();
  for (const auto each : times) {
    if (outstanding.size() == 4096) {
      worked += outstanding.front().get();
      outstanding.pop_front();
    }
    outstanding.push_back(pool.apply(work_for, each));
  }
  for (; !outstanding.empty(); outstanding.pop_front())
    worked += outstanding.front().get();
  return efficiency(worked, pool.options().processes, seconds_since(begin));
}

} // namespace

void makespan(benchmark& on) {
  auto& rt = on.rt;
  const auto cpus = troupe::usable_cpus();
  const long total_us = on.with.either(1'000'000, 40'000) * static_cast<long>(cpus);
  for (const long us : {10, 100, 1000, 10'000}) {
    const std::vector<std::int64_t> times(
      static_cast<std::size_t>(std::max(total_us / us, 2L)), us * 1000);
    on.measure({"equal tasks, a child for each CPU", "us a task", static_cast<double>(us)},
      {{"map", [&rt, times] { return worked_by_map(rt, times); }},
        {"apply", [&rt, times] { return worked_singly(rt, times); }}},
      {multiprocessing_pool(
        {"spin", std::to_string(times.size()), std::to_string(us), std::to_string(cpus)})});
  }
  const auto short_ones = static_cast<std::size_t>(on.with.either(100'000, 1000));
  std::vector<std::int64_t> one_long(short_ones, 10'000);
  one_long[short_ones / 2] = 100'000'000;
  on.measure({"one item of 100 ms in the middle of short ones of 10 us", "items",
               static_cast<double>(short_ones)},
    {{"map", [&rt, one_long] { return worked_by_map(rt, one_long); }}});
}

} // namespace bench
