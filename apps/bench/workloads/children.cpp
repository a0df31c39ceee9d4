#include "benchmark.hpp"
#include "outstanding.hpp"
#include "workloads.hpp"

namespace bench {

void children(benchmark& on) {
  auto& rt = on.rt;
  const long count = on.with.sized(500'000, 1000);
  for (const std::size_t number : {1, 2, 4, 16, 64, 256}) {
    if (on.with.small && number > 4)
      return;
    on.measure({"tiny tasks", "children", static_cast<double>(number)},
      {{"apply, 4096 outstanding",
         [&rt, count, number]() -> std::vector<reading> {
           troupe::pool pool{rt, {.processes = number}};
           warm_up(pool);
           return {{"rate", apply_rate(pool, count, 4096), "tasks/s"}};
         }},
        {"map", [&rt, count, number]() -> std::vector<reading> {
           troupe::pool pool{rt, {.processes = number}};
           warm_up(pool);
           return {{"rate", map_rate(pool, count), "tasks/s"}};
         }}});
  }
}

} // namespace bench
