#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "outstanding.hpp"
#include "workloads.hpp"

#include <troupe/actor.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace bench {

namespace {

void run_for_ever() {
  for (;;)
    ::pause();
}

// Deaths are what is measured here: the pool is not to mind.
troupe::pool_options mortal(std::size_t spares) {
  return {.processes = 1, .spares = spares, .restart = {.intensity = 100'000}};
}

// The child that runs the only task of the pool.
pid_t child_at_work(troupe::pool& pool) {
  for (;;)
    if (const auto running = pool.running_tasks(); !running.empty())
      return running.front().pid;
}

// SIGKILL to child_lost, and to the first result of whoever comes after.
std::vector<reading> killed(troupe::runtime& rt, std::size_t spares, long count) {
  troupe::pool pool{rt, mortal(spares)};
  warm_up(pool);
  std::vector<double> lost;
  std::vector<double> next;
  for (long i = 0; i < count; ++i) {
    auto victim = pool.apply(run_for_ever);
    const auto pid = child_at_work(pool);
    const auto begin = clock::now();
    ::kill(pid, SIGKILL);
    victim.wait();
    lost.push_back(microseconds_since(begin) / 1000);
    check_square(i, pool.apply(square, i).get());
    next.push_back(microseconds_since(begin) / 1000);
    try {
      victim.get();
      throw std::logic_error("a task that runs for ever has ended");
    } catch (const troupe::child_lost&) {
    }
  }
  auto readings = percentiles(std::move(lost), "ms");
  readings.push_back({"next p50", quantile(next, 0.5), "ms"});
  readings.push_back({"next p99", quantile(next, 0.99), "ms"});
  return readings;
}

std::vector<reading> rate_of_first(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, mortal(0)};
  warm_up(pool);
  return {{"rate", apply_rate(pool, count, 4096), "tasks/s"}};
}

std::vector<reading> rate_of_successor(troupe::runtime& rt, std::size_t spares, long count) {
  troupe::pool pool{rt, mortal(spares)};
  warm_up(pool);
  auto victim = pool.apply(run_for_ever);
  ::kill(child_at_work(pool), SIGKILL);
  victim.wait();
  check_square(3, pool.apply(square, 3).get());
  return {{"rate", apply_rate(pool, count, 4096), "tasks/s"}};
}

caf::behavior pid_teller() {
  return {[](std::int32_t) { return static_cast<std::int32_t>(::getpid()); }};
}

// SIGKILL to the down message of an actor that lived in that child.
std::vector<reading> actor_down(troupe::runtime& rt, long count) {
  troupe::pool pool{rt, mortal(0)};
  std::vector<double> times;
  for (long i = 0; i < count; ++i) {
    const auto hosted = pool.spawn(pid_teller);
    caf::scoped_actor self(rt.system());
    pid_t child = 0;
    self->request(hosted, caf::infinite, std::int32_t{0})
      .receive([&](std::int32_t pid) { child = pid; },
        [&](caf::error& failure) { throw std::runtime_error(caf::to_string(failure)); });
    self->monitor(hosted);
    const auto begin = clock::now();
    ::kill(child, SIGKILL);
    self->receive([&](const caf::down_msg&) { times.push_back(microseconds_since(begin) / 1000); });
  }
  return percentiles(std::move(times), "ms");
}

} // namespace

void death(benchmark& on) {
  auto& rt = on.rt;
  const long count = on.with.sized(on.with.brief ? 20 : 100, 3);
  on.measure({"SIGKILL of a child, until its task is known to be lost"},
    {{"child_lost", [&rt, count] { return killed(rt, 0, count); }},
      {"child_lost, with a spare", [&rt, count] { return killed(rt, 1, count); }},
      {"down message of a CAF actor", [&rt, count] { return actor_down(rt, count); }}},
    {kernel_deaths(count)});
  if (on.with.brief)
    return;
  const long tasks_after = on.with.either(200'000, 500);
  on.measure({"single tasks after a death, one child, 4096 outstanding"},
    {{"child that none preceded", [&rt, tasks_after] { return rate_of_first(rt, tasks_after); }},
      {"successor", [&rt, tasks_after] { return rate_of_successor(rt, 0, tasks_after); }},
      {"spare that took over",
        [&rt, tasks_after] { return rate_of_successor(rt, 1, tasks_after); }}});
}

} // namespace bench
