#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using troupe::start_method;

// From asking for a pool of one child until its first task has returned.
std::vector<reading> first_result(troupe::runtime& rt, start_method method, long count) {
  std::vector<double> times;
  for (long i = 0; i < count; ++i) {
    const auto begin = clock::now();
    troupe::pool pool{rt, {.processes = 1, .start_method = method}};
    check_square(i, pool.apply(square, i).get());
    times.push_back(microseconds_since(begin) / 1000);
  }
  return percentiles(std::move(times), "ms");
}

std::vector<reading> fresh_child_each(troupe::runtime& rt, start_method method, long count) {
  troupe::pool pool{rt, {.processes = 1, .maxtasksperchild = 1, .start_method = method}};
  check_square(3, pool.apply(square, 3).get());
  const auto begin = clock::now();
  for (long i = 0; i < count; ++i)
    check_square(i, pool.apply(square, i).get());
  return {{"a task", seconds_since(begin) * 1000 / static_cast<double>(count), "ms"}};
}

std::vector<contender> by_method(troupe::runtime& rt, const settings& with, long count,
  std::vector<reading> (*measured)(troupe::runtime&, start_method, long)) {
  std::vector<contender> all;
  for (const auto method : {start_method::spawn, start_method::forkserver, start_method::fork}) {
    if (method == start_method::fork && with.brief)
      continue; // for which the runtime must have been made otherwise
    all.push_back({std::string(to_string(method)),
      [&rt, method, count, measured] { return measured(rt, method, count); }});
  }
  return all;
}

} // namespace

void start(benchmark& on) {
  const long count = on.with.sized(on.with.brief ? 20 : 100, 3);
  on.measure({"a new pool of one child, until its first result"},
    by_method(on.rt, on.with, count, first_result));
  const long fresh = on.with.sized(200, 5);
  on.measure({"a fresh child for each task, one child at a time"},
    by_method(on.rt, on.with, fresh, fresh_child_each),
    {forked_processes(fresh), executed_processes(fresh),
      multiprocessing_pool({"start", std::to_string(fresh)})});
}

} // namespace bench
