#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "workloads.hpp"

#include <troupe/cpus.hpp>

namespace bench {

void books(benchmark& on) {
  const auto cpus = std::to_string(troupe::usable_cpus());
  const auto pages = std::to_string(on.with.either(50, 2));
  for (const long latency : {0, 50}) {
    std::vector<contender> baselines;
    if (latency == 0)
      baselines.push_back(books_program("parsing alone, on each CPU", {"parse", cpus, pages}));
    on.measure({"the book shop with its pages and books, a child for each CPU", "ms of latency",
                 static_cast<double>(latency)},
      {books_program("pool of coroutines", {"scrape", std::to_string(latency), pages})}, baselines);
  }
}

} // namespace bench
