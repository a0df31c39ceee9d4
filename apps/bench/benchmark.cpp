#include "benchmark.hpp"

#include "workloads/workloads.hpp"

#include <cstdio>
#include <stdexcept>

namespace bench {

void benchmark::measure(
  scene of, std::vector<contender> contenders, const std::vector<contender>& baselines) {
  if (with.compare)
    contenders.insert(contenders.end(), baselines.begin(), baselines.end());
  measured_.push_back(take_turns(std::move(of), with.rounds, contenders));
  if (json_)
    return;
  std::printf("\n%s", as_table(measured_.back()).c_str());
  std::fflush(stdout);
}

void check_square(std::int64_t x, std::int64_t result) {
  if (result != x * x)
    throw std::runtime_error(
      "square(" + std::to_string(x) + ") came back as " + std::to_string(result));
}

void warm_up(troupe::pool& pool) {
  auto answers = pool.broadcast(square, 3);
  for (auto& each : answers)
    check_square(3, each.get());
}

const std::vector<workload>& all_workloads() {
  static const std::vector<workload> all{
    {"roundtrip", "One task at a time, from a thread, a coroutine, an actor", roundtrip, true},
    {"tasks", "Single tasks, by how many are outstanding", tasks, true},
    {"maps", "Maps by type and chunk size; with exceptions, with deaths", maps, true},
    {"payloads", "Strings there and back, beside copies of that size", payloads},
    {"start", "Until the first result, and a child for each task, by start method", start, true,
      true},
    {"idle", "Memory of idle children, and wake-ups of an idle pool", idle, false, true},
    {"death", "From SIGKILL to child_lost, and to the successor's results", death, true},
    {"children", "Tiny tasks on 1 to 256 children", children},
    {"makespan", "How near to the ideal tasks of 10 us to 10 ms come", makespan},
    {"fairness", "Who waits for whom: callers and children of one pool", fairness},
    {"sleepers", "Coroutines that sleep; a few long tasks among many short ones", sleepers, true},
    {"books", "The book shop, at a latency of 0 and 50 ms", books},
    {"range", "A range that is never in memory, mapped", range}};
  return all;
}

} // namespace bench
