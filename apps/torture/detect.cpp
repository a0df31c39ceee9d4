// How long it takes until the death of a child is known while the pool is busy, also where a grandchild holds all
// descriptors of the dead.
#include "arena.hpp"
#include "map_tasks.hpp"

#include <algorithm>
#include <csignal>

#include <unistd.h>

namespace torture {

namespace {

using clock = std::chrono::steady_clock;

constexpr double most_milliseconds = 20;

// Leaves a process that has the descriptors of this child, and its group no longer, for two seconds.
std::uint64_t leave_heir(std::uint64_t task) {
  account::here().begin(task);
  const pid_t heir = ::fork();
  if (heir == 0) {
    ::setpgid(0, 0);
    ::sleep(2);
    ::_exit(0);
  }
  ::setpgid(heir, heir);     // whoever comes first
  account::here().end(task); // it is ready to be killed
  for (;;)
    ::pause();
}

std::uint64_t wait_for_ever(std::uint64_t task) {
  account::here().begin(task);
  account::here().end(task);
  for (;;)
    ::pause();
}

// Milliseconds from SIGKILL to the outcome of the task.
double one_death(arena& in, troupe::pool& pool, bool with_heir) {
  const auto task = in.tasks.submit();
  auto victim = pool.apply(
    troupe::task_options{.priority = 1000}, with_heir ? leave_heir : wait_for_ever, task);
  const auto& noted = account::here().of(task);
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(
    std::chrono::duration<double>(in.with.patience_seconds));
  if (!eventually([&] { return noted.ended.load() == 1 || victim.done(); }, patience))
    in.says.broken("task " + std::to_string(task) + " does not begin");
  const pid_t pid = noted.pid.load();
  if (pid <= 0) { // nobody has begun it, so there is nobody to kill
    in.says.broken("task " + std::to_string(task) + " has ended before it began");
    victim.cancel();
    victim.wait();
    in.tasks.resolved(task, victim.error());
    return 0;
  }
  std::this_thread::sleep_for(std::chrono::microseconds(in.random() % 3000));
  const auto begin = clock::now();
  ::kill(pid, SIGKILL);
  victim.wait();
  const std::chrono::duration<double, std::milli> taken = clock::now() - begin;
  in.tasks.resolved(task, victim.error());
  pid_t blamed = 0;
  in.says.require(tally::kind_of(victim.error(), blamed) == outcome::lost,
    "task " + std::to_string(task) + " was killed, and is not called lost");
  return taken.count();
}

double quantile(std::vector<double>& values, double q) {
  std::sort(values.begin(), values.end());
  return values[std::min(
    values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

} // namespace

void detect(arena& in) {
  const auto deaths = in.with.tasks_or(1000, 40);
  std::vector<double> plain;
  std::vector<double> with_heir;
  {
    troupe::pool pool{in.rt, {.processes = in.with.children_or(4),
                               .start_method = in.with.method(),
                               .restart = {.intensity = 1'000'000}}};
    std::atomic<bool> over = false;
    std::jthread load([&] { map_until(in, pool, work, over); });
    for (std::uint64_t i = 0; i < deaths; ++i)
      (i % 2 == 0 ? plain : with_heir).push_back(one_death(in, pool, i % 2 == 1));
    over = true;
  }
  in.says.figure("p50_ms", quantile(plain, 0.5));
  in.says.figure("p99_ms", quantile(plain, 0.99));
  in.says.figure("heir_p50_ms", quantile(with_heir, 0.5));
  in.says.figure("heir_p99_ms", quantile(with_heir, 0.99));
  if (!in.with.brief) // where the machine may do anything meanwhile
    in.says.require(
      quantile(plain, 0.99) < most_milliseconds && quantile(with_heir, 0.99) < most_milliseconds,
      "the 99th percentile of the time until a death is known is not under 20 ms");
}

} // namespace torture
