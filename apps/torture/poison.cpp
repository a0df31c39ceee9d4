// A map in which two of five items crash: all others have their values, and a crash costs one start of a child.
#include "arena.hpp"
#include "map_tasks.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <numeric>

namespace torture {

namespace {

using clock = std::chrono::steady_clock;

constexpr double most_cost = 1.3; // of one start for each crash

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

constexpr std::uint64_t poisoned = std::uint64_t{1} << 63; // beside the number of a task

[[noreturn]] void crash(std::uint64_t how) {
  switch (how % 4) {
  case 0:
    ::raise(SIGSEGV);
    break;
  case 1:
    ::raise(SIGKILL);
    break;
  case 2:
    std::_Exit(0);
  default:
    break;
  }
  std::abort();
}

std::uint64_t swallow(std::uint64_t item) {
  if ((item & poisoned) == 0)
    return work(item);
  account::here().begin(item & ~poisoned);
  crash(item);
}

troupe::pool_options mortal(std::size_t children, troupe::start_method method) {
  return {.processes = children, .start_method = method, .restart = {.intensity = 1'000'000}};
}

// From the submission of a task that crashes to the result of the next one, in a pool of one child: the median.
double seconds_of_start(arena& in, troupe::start_method method) {
  troupe::pool pool{in.rt, mortal(1, method)};
  const watch::on look(in.watched, pool);
  std::vector<double> taken;
  const int rounds = in.with.brief ? 5 : 51;
  for (int i = 0; i < rounds; ++i) {
    const auto task = in.tasks.submit(2);
    const auto begin = clock::now();
    auto victim = pool.apply(swallow, task | poisoned);
    auto next = pool.apply(glance, task + 1);
    victim.wait();
    in.tasks.resolved(task, victim.error());
    next.wait();
    in.tasks.resolved(task + 1, next.error());
    taken.push_back(seconds_since(begin));
  }
  std::nth_element(taken.begin(), taken.begin() + rounds / 2, taken.end());
  return taken[static_cast<std::size_t>(rounds / 2)];
}

// Gives the seconds that it takes.
double feed(arena& in, troupe::pool& pool, const std::vector<std::uint64_t>& items) {
  const watch::on look(in.watched, pool);
  const auto begin = clock::now();
  for (auto& item : pool.map_unordered(swallow, items)) {
    const auto given = items[item.index()];
    const auto task = given & ~poisoned;
    const auto failure = item.error();
    in.tasks.resolved(task, failure);
    pid_t blamed = 0;
    const auto how = tally::kind_of(failure, blamed);
    if (how != ((given & poisoned) != 0 ? outcome::lost : outcome::value))
      in.says.broken("task " + std::to_string(task) +
                     ((given & poisoned) != 0 ? " crashes and is not called lost"
                                              : " does not crash and has no value"));
  }
  return seconds_since(begin);
}

void poison_with(arena& in, troupe::start_method method, std::uint64_t count) {
  const auto crashes = count * 2 / 5;
  const double start = seconds_of_start(in, method);
  troupe::pool pool{in.rt, mortal(in.with.children_or(2), method)};
  std::vector<std::uint64_t> items(count - crashes);
  std::iota(items.begin(), items.end(), in.tasks.submit(items.size()));
  const double rest = feed(in, pool, items);
  in.tasks.settle();
  items.resize(count);
  std::iota(items.begin(), items.end(), in.tasks.submit(count));
  std::shuffle(items.begin(), items.end(), in.random);
  for (std::uint64_t i = 0; i < crashes; ++i)
    items[i] |= poisoned;
  std::shuffle(items.begin(), items.end(), in.random);
  const double all = feed(in, pool, items);
  const double cost = (all - rest) / (static_cast<double>(crashes) * start);
  const auto name = std::string(troupe::to_string(method));
  in.says.figure(name + "_start_ms", start * 1000);
  in.says.figure(name + "_seconds", all);
  in.says.figure(name + "_cost", cost);
  if (!in.with.brief) // which is too short to be measured
    in.says.require(cost <= most_cost, "with " + name + ", a crash costs more than 1.3 starts");
}

} // namespace

void poison(arena& in) {
  const auto count = in.with.tasks_or(10'000, 50);
  for (const auto method : methods(in.with)) {
    poison_with(in, method, count);
    in.tasks.settle();
  }
}

} // namespace torture
