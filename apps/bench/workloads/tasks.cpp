#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "outstanding.hpp"
#include "workloads.hpp"

#include <troupe/actor.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <future>
#include <memory>
#include <stdexcept>

namespace bench {

namespace {

// CAF 0.17 looks for the handler of a response among all that an actor has open: more than this is slow whatever
// answers them.
constexpr long most_requests = 128;

std::vector<reading> single_tasks(troupe::runtime& rt, long count, long window) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  return {{"rate", apply_rate(pool, count, static_cast<std::size_t>(window)), "tasks/s"}};
}

struct requested {
  long count = 0;
  long sent = 0;
  long received = 0;
  std::promise<void> finished{};
};

void request_next(
  caf::event_based_actor* self, const caf::actor& pool, const std::shared_ptr<requested>& at) {
  const auto i = at->sent++;
  if (i >= at->count)
    return;
  self->request(pool, caf::infinite, troupe::call(square, i))
    .then(
      [self, pool, at, i](std::int64_t result) {
        check_square(i, result);
        request_next(self, pool, at);
        if (++at->received == at->count)
          at->finished.set_value();
      },
      [self, at](caf::error& failure) {
        at->finished.set_exception(std::make_exception_ptr(
          std::runtime_error("a request failed: " + caf::to_string(failure))));
        self->quit();
      });
}

std::vector<reading> requests(troupe::runtime& rt, long count, long window) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  const auto at = std::make_shared<requested>();
  at->count = count;
  const auto begin = clock::now();
  rt.system().spawn(
    [window](
      caf::event_based_actor* self, const std::shared_ptr<requested>& asked, const caf::actor& to) {
      for (long i = 0; i < window; ++i)
        request_next(self, to, asked);
    },
    at, pool.actor());
  at->finished.get_future().get();
  return {{"rate", static_cast<double>(count) / seconds_since(begin), "tasks/s"}};
}

void measure_window(benchmark& on, long window) {
  auto& rt = on.rt;
  // So many that each takes about half a second; CAF's remote actors need ten times as long as the others.
  const long count = std::max(window, on.with.sized(window < 16 ? 20'000 : 1'000'000, 500));
  const long fewer = std::max(window, count / 10);
  std::vector<contender> ours{
    {"apply", [&rt, count, window] { return single_tasks(rt, count, window); }}};
  if (window <= most_requests)
    ours.push_back({"request of one CAF actor",
      [&rt, count, window] { return requests(rt, count / 2, window); }});
  std::vector<contender> baselines{
    caf_program({"tasks", std::to_string(fewer), std::to_string(window)}),
    zeromq_program({"tasks", std::to_string(count), std::to_string(window)}),
    process_pool_executor({"tasks", std::to_string(on.with.either(std::max(window, 5'000L), 500)),
      std::to_string(window)}),
    workerpool({"tasks", std::to_string(on.with.either(std::max(window, 5'000L), 500)),
      std::to_string(window)})};
  if (on.with.brief) { // what everything is compared with, also where nothing else is
    ours.push_back(baselines.front());
    baselines.erase(baselines.begin());
  }
  on.measure(
    {"single tasks, one child", "tasks outstanding", static_cast<double>(window)}, ours, baselines);
}

} // namespace

void tasks(benchmark& on) {
  if (on.with.window > 0)
    return measure_window(on, on.with.window);
  if (on.with.brief)
    return measure_window(on, on.with.either(4096, 64));
  for (const long window : {1, 16, 128, 1024, 4096, 16'384, 65'536})
    if (!on.with.small || window <= 128)
      measure_window(on, window);
}

} // namespace bench
