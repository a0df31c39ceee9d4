// Tasks that are cancelled at the moment when they are sent, begin, end, or die with their child: each has one outcome,
// and none runs twice.
#include "arena.hpp"
#include "killer.hpp"
#include "work.hpp"

#include <troupe/pool.hpp>

namespace torture {

namespace {

struct running {
  std::uint64_t task = 0;
  troupe::task_future<std::uint64_t> future{};
};

void spin_for(std::chrono::nanoseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

struct winners {
  std::uint64_t values = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t lost = 0;
};

void take(arena& in, running& one, winners& count) {
  one.future.wait();
  const auto failure = one.future.error();
  in.tasks.resolved(one.task, failure);
  pid_t blamed = 0;
  const auto how = tally::kind_of(failure, blamed);
  count.values += how == outcome::value ? 1 : 0;
  count.cancelled += how == outcome::cancelled ? 1 : 0;
  count.lost += how == outcome::lost ? 1 : 0;
  if (how != outcome::value && how != outcome::cancelled && how != outcome::lost)
    in.says.broken("task " + std::to_string(one.task) +
                   " was cancelled, and has neither a value nor task_cancelled nor child_lost");
  one.future.cancel(); // too late, and must change nothing
  if (tally::kind_of(one.future.error(), blamed) != how)
    in.says.broken("task " + std::to_string(one.task) + " has one outcome, and then another");
}

// Some tasks at once, and of these some cancelled, each after a time of its own.
void one_burst(arena& in, troupe::pool& pool, winners& count, std::vector<running>& burst) {
  burst.clear();
  const auto size = 1 + in.random() % 64;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto task = in.tasks.submit();
    const bool plain = in.random() % 4 != 0;
    burst.push_back({task, plain ? pool.apply(glance, task) : pool.apply(nap, task)});
    if (in.random() % 8 == 0) // at the moment when it is sent
      burst.back().future.cancel();
  }
  for (auto& one : burst) {
    if (in.random() % 2 == 0)
      continue;
    if (in.random() % 4 == 0)
      spin_for(std::chrono::nanoseconds(in.random() % 60'000));
    one.future.cancel();
  }
  for (auto& one : burst)
    take(in, one, count);
}

} // namespace

void race(arena& in) {
  const auto rounds = in.with.tasks_or(1'000'000, 30'000);
  constexpr std::size_t concurrency = 16;
  in.tasks.set_most_begun(concurrency);
  winners count;
  std::uint64_t deaths = 0;
  {
    troupe::pool pool{in.rt, {.processes = in.with.children_or(3),
                               .childconcurrency = concurrency,
                               .start_method = in.with.method(),
                               .restart = {.intensity = 1'000'000}}};
    const watch::on look(in.watched, pool);
    killer kills(pool, 5, in.random());
    std::vector<running> burst;
    while (count.values + count.cancelled + count.lost < rounds)
      one_burst(in, pool, count, burst);
    deaths = pool.stats().deaths;
  }
  in.says.figure("values", count.values);
  in.says.figure("cancelled", count.cancelled);
  in.says.figure("deaths", deaths);
  in.says.require(count.values > 0 && count.cancelled > 0, "one side always wins: no race");
}

} // namespace torture
