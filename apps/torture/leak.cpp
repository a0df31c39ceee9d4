// Thousands of children end, in each way in which a child can: nothing that the parent has grows.
#include "arena.hpp"
#include "work.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

namespace torture {

namespace {

constexpr std::size_t most_growth_kib = 1024;

std::uint64_t end_child(std::uint64_t task, std::uint64_t how) {
  account::here().begin(task);
  switch (how) {
  case 0:
    ::raise(SIGKILL);
    break;
  case 1:
    ::raise(SIGSEGV);
    break;
  case 2:
    std::exit(3);
  case 3:
    std::_Exit(0);
  default:
    std::abort();
  }
  return 0;
}
constexpr std::uint64_t ways = 5;

// What else a pool does between deaths: a large result, and an exception.
std::string speak(std::uint64_t task) {
  account::here().begin(task);
  if (task % 2 == 0)
    throw std::runtime_error("task " + std::to_string(task));
  account::here().end(task);
  return std::string(200'000, 'x');
}

template <class Future>
void take(arena& in, std::uint64_t task, Future& future) {
  future.wait();
  in.tasks.resolved(task, future.error());
}

void one_death(arena& in, troupe::pool& pool, std::uint64_t how) {
  const auto victim = in.tasks.submit(2);
  auto dying = how == ways ? pool.apply(glance, victim) : pool.apply(end_child, victim, how);
  auto speaking = pool.apply(speak, victim + 1);
  take(in, victim, dying);
  take(in, victim + 1, speaking);
  if (how == ways) // leaves in an orderly way
    pool.recycle(in.random() % pool.options().processes);
}

// All is quiet, and each slot has its child.
footprint at_rest(troupe::pool& pool) {
  eventually(
    [&] {
      const auto children = pool.stats().children;
      return std::all_of(children.begin(), children.end(),
        [](const auto& child) { return child.state == troupe::child_state::ready; });
    },
    std::chrono::seconds(60));
  footprint seen = footprint::now();
  eventually( // the last dead one may be there still
    [&] {
      seen = footprint::now();
      return seen.zombies == 0 && seen.mappings <= pool.options().processes * 4;
    },
    std::chrono::seconds(2));
  return seen;
}

} // namespace

void leak(arena& in) {
  const auto deaths = in.with.tasks_or(5000, 100);
  const auto warm = std::max<std::uint64_t>(deaths / 5, 50);
  std::uint64_t restarts = 0;
  std::size_t memory_before = 0;
  std::size_t memory_after = 0;
  {
    troupe::pool pool{in.rt, {.processes = in.with.children_or(2),
                               .start_method = in.with.method(),
                               .restart = {.intensity = 1'000'000}}};
    const watch::on look(in.watched, pool);
    for (std::uint64_t i = 0; i < warm; ++i)
      one_death(in, pool, i % (ways + 1));
    const auto before = at_rest(pool);
    memory_before = anonymous_kilobytes();
    for (std::uint64_t i = 0; i < deaths; ++i)
      one_death(in, pool, in.random() % (ways + 1));
    const auto after = at_rest(pool);
    memory_after = anonymous_kilobytes();
    const auto excess = after.excess_over(before);
    in.says.require(excess.empty(), "after the deaths there is more than before:" + excess);
    for (const auto& child : pool.stats().children)
      restarts += child.restarts;
  }
  in.says.figure("restarts", restarts);
  in.says.figure("memory_before_kib", std::uint64_t{memory_before});
  in.says.figure("memory_after_kib", std::uint64_t{memory_after});
  // A few deaths are no measure of memory.
  if (!in.with.brief)
    in.says.require(memory_after <= memory_before + most_growth_kib,
      "the memory of the parent has grown by more than 1 MiB");
}

} // namespace torture
