#include "benchmark.hpp"
#include "process_status.hpp"
#include "workloads.hpp"

#include <thread>
#include <utility>

#include <unistd.h>

namespace bench {

namespace {

using troupe::start_method;

std::vector<reading> memory_of_children(
  troupe::runtime& rt, start_method method, std::size_t number) {
  troupe::pool pool{rt, {.processes = number, .start_method = method}};
  warm_up(pool);
  std::vector<double> sizes;
  for (const auto& child : pool.stats().children)
    sizes.push_back(proportional_memory(child.pid));
  return {{"PSS", quantile(sizes, 0.5), "MiB"}};
}

std::vector<reading> wake_ups_of(troupe::runtime& rt, std::chrono::milliseconds time) {
  troupe::pool pool{rt, {.processes = 8}};
  warm_up(pool);
  const auto all_children = pool.stats().children;
  // The last word of what went before is spoken: nobody spins any more.
  std::this_thread::sleep_for(time / 10);
  const auto count = [&] {
    std::uint64_t sum = 0;
    for (const auto& child : all_children)
      sum += wake_ups(child.pid);
    return std::pair(wake_ups(::getpid()), sum);
  };
  const auto before = count();
  std::this_thread::sleep_for(time);
  const auto after = count();
  return {{"parent", static_cast<double>(after.first - before.first), "wakes"},
    {"children", static_cast<double>(after.second - before.second), "wakes"}};
}

} // namespace

void idle(benchmark& on) {
  auto& rt = on.rt;
  // What children share is divided among them: the more, the less each.
  for (const std::size_t number : {1, 8}) {
    std::vector<contender> methods;
    for (const auto method : {start_method::spawn, start_method::forkserver, start_method::fork})
      methods.push_back({std::string(to_string(method)),
        [&rt, method, number] { return memory_of_children(rt, method, number); }});
    on.measure({"memory of an idle child of this program, the median of all", "children",
                 static_cast<double>(number)},
      methods);
  }
  const std::chrono::milliseconds time(on.with.either(5000, 300));
  on.measure({"wake-ups of an idle pool of 8 children", "seconds",
               std::chrono::duration<double>(time).count()},
    {{"pool", [&rt, time] { return wake_ups_of(rt, time); }}});
}

} // namespace bench
