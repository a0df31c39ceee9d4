#include "benchmark.hpp"
#include "workloads.hpp"

#include <troupe/coroutine.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bench {

namespace {

namespace asio = boost::asio;

asio::awaitable<int> sleep_later(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 1;
}

std::vector<reading> beyond_ideal(double took_ms, double ideal_ms) {
  return {{"beyond", took_ms - ideal_ms, "ms"}, {"took", took_ms, "ms"}, {"ideal", ideal_ms, "ms"}};
}

std::vector<reading> sleeping_coroutines(
  troupe::runtime& rt, std::size_t count, std::size_t concurrency) {
  constexpr std::size_t processes = 2;
  constexpr std::chrono::milliseconds time(100);
  troupe::pool pool{rt, {.processes = processes, .childconcurrency = concurrency}};
  warm_up(pool);
  const auto turns = (count + processes * concurrency - 1) / (processes * concurrency);
  const auto begin = clock::now();
  const auto results = pool.map(sleep_later, std::vector(count, time)).get();
  const double took = microseconds_since(begin) / 1000;
  if (results.size() != count)
    throw std::runtime_error("a sleeping task is missing");
  return beyond_ideal(took, static_cast<double>(turns) * static_cast<double>(time.count()));
}

// How long it took: sleeping is not exact.
std::chrono::nanoseconds nap(std::chrono::microseconds time) {
  const auto begin = clock::now();
  std::this_thread::sleep_for(time);
  return clock::now() - begin;
}

using make_scheduler = std::shared_ptr<troupe::scheduler> (*)();

// Plain functions, so one at a time in a child: long ones among short ones, in a random order.
std::vector<reading> mixed_naps(troupe::runtime& rt, make_scheduler make, std::size_t queues,
  std::vector<std::chrono::microseconds> naps) {
  troupe::pool pool{rt, {.processes = 2, .queuecount = queues, .scheduler = make()}};
  warm_up(pool);
  std::shuffle(naps.begin(), naps.end(), std::mt19937(7));
  std::chrono::nanoseconds ideal{0};
  const auto begin = clock::now();
  for (const auto took : pool.map(nap, naps))
    ideal += took / 2;
  return beyond_ideal(
    microseconds_since(begin) / 1000, std::chrono::duration<double, std::milli>(ideal).count());
}

} // namespace

void sleepers(benchmark& on) {
  auto& rt = on.rt;
  const auto count = static_cast<std::size_t>(on.with.sized(2000, 40));
  for (const std::size_t concurrency : {1000, 16})
    on.measure({std::to_string(count) + " coroutines that sleep 100 ms, 2 children",
                 "childconcurrency", static_cast<double>(concurrency)},
      {{"map", [&rt, count, concurrency] { return sleeping_coroutines(rt, count, concurrency); }}});
  if (on.with.brief)
    return;
  const auto long_ones = static_cast<std::size_t>(on.with.either(10, 2));
  const std::chrono::milliseconds long_time(on.with.either(1000, 20));
  const auto short_ones = static_cast<std::size_t>(on.with.either(10'000, 50));
  std::vector<std::chrono::microseconds> naps(long_ones, long_time);
  naps.resize(long_ones + short_ones, std::chrono::milliseconds(1));
  for (const std::size_t queues : {1, 2}) {
    const auto with = [&](const char* name, make_scheduler make) {
      return contender{
        name, [&rt, make, queues, naps] { return mixed_naps(rt, make, queues, naps); }};
    };
    on.measure({std::to_string(long_ones) + " tasks of " + std::to_string(long_time.count()) +
                   " ms among " + std::to_string(short_ones) + " of 1 ms, 2 children",
                 "queues", static_cast<double>(queues)},
      {with("round_robin",
         [] {
           return std::shared_ptr<troupe::scheduler>(std::make_shared<troupe::round_robin>());
         }),
        with("least_loaded",
          [] {
            return std::shared_ptr<troupe::scheduler>(std::make_shared<troupe::least_loaded>());
          }),
        with("random_two",
          [] {
            return std::shared_ptr<troupe::scheduler>(std::make_shared<troupe::random_two>(1));
          }),
        with("by_key",
          [] { return std::shared_ptr<troupe::scheduler>(std::make_shared<troupe::by_key>()); })});
  }
}

} // namespace bench
