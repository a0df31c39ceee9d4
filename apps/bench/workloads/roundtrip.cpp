#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "workloads.hpp"

#include <troupe/actor.hpp>
#include <troupe/coroutine.hpp>

#include <boost/asio/awaitable.hpp>

#include <caf/all.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

namespace bench {

namespace {

std::vector<reading> trips_of_a_thread(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  return timed_trips(count, [&](long i) { check_square(i, pool.apply(square, i).get()); });
}

boost::asio::awaitable<std::vector<double>> await_one_by_one(troupe::pool& pool, long count) {
  std::vector<double> times;
  for (long i = 0; i < count + count / 10; ++i) {
    const auto begin = clock::now();
    check_square(i, co_await pool.apply(square, i));
    if (i >= count / 10)
      times.push_back(microseconds_since(begin));
  }
  co_return times;
}

std::vector<reading> trips_of_a_coroutine(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  return percentiles(rt.run(await_one_by_one(pool, count)), "us");
}

// What the actor that asks has done.
struct asked {
  long count = 0;
  long i = 0;
  clock::time_point begin{};
  std::vector<double> times{};
  std::promise<void> finished{};
};

void ask_next(
  caf::event_based_actor* self, const caf::actor& pool, const std::shared_ptr<asked>& at) {
  at->begin = clock::now();
  self->request(pool, caf::infinite, troupe::call(square, at->i))
    .then(
      [self, pool, at](std::int64_t result) {
        const double took = microseconds_since(at->begin);
        check_square(at->i, result);
        if (at->i >= at->count / 10)
          at->times.push_back(took);
        if (++at->i < at->count + at->count / 10)
          ask_next(self, pool, at);
        else
          at->finished.set_value();
      },
      [self, at](caf::error& failure) {
        at->finished.set_exception(std::make_exception_ptr(
          std::runtime_error("a request failed: " + caf::to_string(failure))));
        self->quit();
      });
}

std::vector<reading> trips_of_an_actor(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  const auto at = std::make_shared<asked>();
  at->count = count;
  rt.system().spawn([](caf::event_based_actor* self, const std::shared_ptr<asked>& asks,
                      const caf::actor& to) { ask_next(self, to, asks); },
    at, pool.actor());
  at->finished.get_future().get();
  return percentiles(std::move(at->times), "us");
}

} // namespace

void roundtrip(benchmark& on) {
  const long count = on.with.sized(20'000, 200);
  auto& rt = on.rt;
  on.measure({"one task at a time, one child"},
    {{"thread: apply(...).get()", [&rt, count] { return trips_of_a_thread(rt, count); }},
      {"coroutine: co_await apply(...)", [&rt, count] { return trips_of_a_coroutine(rt, count); }},
      {"CAF actor: request", [&rt, count] { return trips_of_an_actor(rt, count); }}},
    {caf_program({"roundtrip", std::to_string(count)}),
      zeromq_program({"roundtrip", std::to_string(count)}), ring_round_trips(count),
      futex_round_trips(count), eventfd_round_trips(count),
      multiprocessing_pool({"roundtrip", std::to_string(count)}),
      process_pool_executor({"roundtrip", std::to_string(count)}),
      workerpool({"roundtrip", std::to_string(count)})});
}

} // namespace bench
