#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "workloads.hpp"

#include <troupe/shared_buffer.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bench {

namespace {

std::string echo(std::string text) {
  return text;
}

troupe::shared_buffer pass_back(troupe::shared_buffer buffer) {
  return buffer;
}

// In the first time is what is done once for each child: its memory is fresh, and so may be the caller's.
template <class Value>
std::vector<reading> there_and_back(
  troupe::runtime& rt, Value (*task)(Value), Value value, long count) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  const auto size = value.size();
  double first = 0;
  std::vector<double> later;
  for (long i = 0; i <= count; ++i) {
    const auto begin = clock::now();
    value = pool.apply(task, std::move(value)).get();
    const double took = microseconds_since(begin) / 1000;
    if (value.size() != size || value.data()[size - 1] != value.data()[0])
      throw std::runtime_error("a payload came back as another");
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
  for (const std::size_t kib : {1, 16, 256, 1024, 16'384, 65'536, 262'144}) {
    if (on.with.small && kib > 1024)
      return;
    const auto size = kib * 1024;
    const long count = std::clamp(static_cast<long>(65'536 / kib), 3L, on.with.either(2000, 5));
    const auto bytes = std::to_string(size);
    on.measure({"a payload there and back, one child", "KiB", static_cast<double>(kib)},
      {{"string",
         [&rt, size, count] { return there_and_back(rt, echo, std::string(size, 'x'), count); }},
        {"shared_buffer", // which is made and filled before
          [&rt, size, count] {
            return there_and_back(rt, pass_back, troupe::shared_buffer(size), count);
          }},
        memory_copies(size, count), copies_through_shared_memory(size, count)},
      {zeromq_program({"payload", std::to_string(count), bytes}),
        multiprocessing_pool({"payload", std::to_string(count), bytes})});
  }
}

} // namespace bench
