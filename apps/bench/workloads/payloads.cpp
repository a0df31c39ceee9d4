#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "workloads.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bench {

namespace {

std::string echo(std::string text) {
  return text;
}

// In the first time is what is done once for each child: its memory is fresh, and so may be the caller's.
std::vector<reading> strings(troupe::runtime& rt, std::size_t size, long count) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  std::string text(size, 'x');
  double first = 0;
  std::vector<double> later;
  for (long i = 0; i <= count; ++i) {
    const auto begin = clock::now();
    text = pool.apply(echo, std::move(text)).get();
    const double took = microseconds_since(begin) / 1000;
    if (text.size() != size || text.back() != 'x')
      throw std::runtime_error("a string came back as another");
    if (i == 0)
      first = took;
    else
      later.push_back(took);
  }
  return {{"later", quantile(later, 0.5), "ms"}, {"first", first, "ms"}};
}

} // namespace

void payloads(benchmark& on) {
  auto& rt = on.rt;
  for (const std::size_t kib : {1, 16, 256, 1024, 16 * 1024, 64 * 1024, 256 * 1024}) {
    if (on.with.small && kib > 1024)
      return;
    const auto size = kib * 1024;
    const long count = std::clamp(static_cast<long>(64 * 1024 / kib), 3L, on.with.either(2000, 5));
    const auto bytes = std::to_string(size);
    on.measure({"a payload there and back, one child", "KiB", static_cast<double>(kib)},
      {{"string", [&rt, size, count] { return strings(rt, size, count); }},
        // A contender "shared_buffer" belongs here when there is one: it is to take the same time at every size.
        memory_copies(size, count), copies_through_shared_memory(size, count)},
      {zeromq_program({"payload", std::to_string(count), bytes}),
        multiprocessing_pool({"payload", std::to_string(count), bytes})});
  }
}

} // namespace bench
