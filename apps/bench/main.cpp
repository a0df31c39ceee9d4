#include "actor_measure.hpp"
#include "caf_baseline.hpp"
#include "measure.hpp"
#include "mixed_load.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct settings {
  int count = 1'000'000;
  int rounds = 3;
  std::size_t window = 4096;
};

// What one CAF actor has open.
constexpr std::size_t most_requests_outstanding = 128;

// The median of several runs: the machine is not ours alone.
template <class Measure>
auto median(int rounds, Measure measure) {
  std::vector<decltype(measure())> results;
  results.reserve(static_cast<std::size_t>(rounds));
  for (int i = 0; i < rounds; ++i)
    results.push_back(measure());
  std::sort(results.begin(), results.end());
  return results[results.size() / 2];
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double middle(std::vector<double>& all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

void throughput(troupe::runtime& rt, const settings& with) {
  // Turn and turn about, so that all of them meet the same machine.
  std::vector<double> caf;
  std::vector<double> apply;
  std::vector<double> request;
  std::vector<double> apply_beside; // with as many outstanding as the requests
  std::vector<double> map;
  for (int i = 0; i < with.rounds; ++i) {
    caf.push_back(bench::caf_remote_throughput(with.count / 10, static_cast<int>(with.window)));
    apply.push_back(bench::apply_throughput(rt, with.count, with.window));
    const auto open = std::min(with.window, most_requests_outstanding);
    request.push_back(bench::request_throughput(rt, with.count / 2, open));
    apply_beside.push_back(bench::apply_throughput(rt, with.count / 2, open));
    map.push_back(bench::map_throughput(rt, with.count));
  }
  const double baseline = middle(caf);
  const double with_apply = middle(apply);
  const double with_request = middle(request);
  const double with_map = middle(map);
  std::printf(
    "throughput, one child, at most %zu outstanding (medians of %d)\n", with.window, with.rounds);
  std::printf("  CAF remote actor, TCP    %10.0f tasks/s\n", baseline);
  std::printf("  apply, one by one        %10.0f tasks/s  %6.1f times that\n", with_apply,
    with_apply / baseline);
  std::printf(
    "  request, one CAF actor   %10.0f tasks/s  %6.1f times that, %.2f times apply; both with "
    "%zu outstanding\n",
    with_request, with_request / baseline, with_request / middle(apply_beside),
    most_requests_outstanding);
  std::printf("  map                      %10.0f tasks/s  %6.1f times that, %.2f times apply\n",
    with_map, with_map / baseline, with_map / with_apply);
}

void latency(troupe::runtime& rt, const settings& with) {
  const auto trip = median(with.rounds, [&] { return bench::round_trip(rt, 20'000); });
  const auto start = median(with.rounds, [&] { return bench::cold_start(rt, 20); });
  std::printf("latency (medians of %d)\n", with.rounds);
  std::printf("  apply(...).get()         %10.1f us\n", milliseconds(trip) * 1000);
  std::printf("  new pool to first result %10.1f ms\n", milliseconds(start));
}

void sleeping(troupe::runtime& rt, const settings& with) {
  std::printf("2000 coroutines that sleep 100 ms, 2 processes (medians of %d)\n", with.rounds);
  for (const std::size_t concurrency : {std::size_t{1000}, std::size_t{16}}) {
    const auto turns = (2000 + 2 * concurrency - 1) / (2 * concurrency);
    const double ideal = 100.0 * static_cast<double>(turns);
    const double took = milliseconds(
      median(with.rounds, [&] { return bench::sleeping_tasks(rt, 2000, 100ms, 2, concurrency); }));
    std::printf(
      "  concurrency %4zu         %10.1f ms, ideal %.0f ms: %.1f ms (%.1f %%) beyond it\n",
      concurrency, took, ideal, took - ideal, (took / ideal - 1) * 100);
  }
}

void fresh_children(troupe::runtime& rt, const settings& with) {
  using troupe::start_method;
  // Turn and turn about, as above.
  std::vector<double> spawn;
  std::vector<double> forkserver;
  for (int i = 0; i < with.rounds; ++i) {
    spawn.push_back(milliseconds(bench::fresh_child(rt, start_method::spawn, 200)));
    forkserver.push_back(milliseconds(bench::fresh_child(rt, start_method::forkserver, 1000)));
  }
  const double with_spawn = middle(spawn);
  const double with_forkserver = middle(forkserver);
  std::printf("a fresh child for each task, one child at a time (medians of %d)\n", with.rounds);
  std::printf("  spawn                    %10.2f ms\n", with_spawn);
  std::printf("  forkserver               %10.2f ms  %6.1f times as fast\n", with_forkserver,
    with_spawn / with_forkserver);
}

void actor_deaths(troupe::runtime& rt) {
  constexpr int deaths = 20;
  std::printf("an actor whose child is killed: down after at most %.1f ms (%d deaths)\n",
    milliseconds(bench::down_time(rt, deaths)), deaths);
}

void mixed(troupe::runtime& rt) {
  std::printf("10 tasks of 1 s among 10,000 of 1 ms, 2 children\n");
  const auto show = [&](const char* name, std::shared_ptr<troupe::scheduler> scheduler,
                      std::size_t queues) {
    const auto result = bench::mixed_load(rt, std::move(scheduler), queues);
    const double took = milliseconds(result.makespan) / 1000;
    const double ideal = milliseconds(result.ideal) / 1000;
    std::printf("  %-12s %zu queue%s    %10.2f s, ideal %.2f s: %.3f times that\n", name, queues,
      queues == 1 ? " " : "s", took, ideal, took / ideal);
  };
  for (const std::size_t queues : {std::size_t{1}, std::size_t{2}}) {
    show("round_robin", std::make_shared<troupe::round_robin>(), queues);
    show("least_loaded", std::make_shared<troupe::least_loaded>(), queues);
    show("random_two", std::make_shared<troupe::random_two>(1), queues);
    show("by_key", std::make_shared<troupe::by_key>(), queues);
  }
}

void range(troupe::runtime& rt, long count) {
  const auto start = std::chrono::steady_clock::now();
  const auto memory = bench::range_memory(rt, count);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("a range of %ld integers mapped: %.1f s, at most %.1f MB resident in the parent\n",
    count, took.count(), static_cast<double>(memory) / 1e6);
}

} // namespace

int main(int argc, char** argv) {
  bench::become_caf_server_if_asked(argc, argv);
  troupe::runtime rt{argc, argv};
  CLI::App app{"Measures troupe beside plain CAF, on this machine, in one run"};
  settings with;
  app.add_option("--count", with.count, "tasks of the throughput measurements")
    ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--rounds", with.rounds, "runs of which the median is shown")
    ->check(CLI::Range(1, 100));
  app.add_option("--window", with.window, "tasks outstanding at most")
    ->check(CLI::Range(1, 1'000'000));
  bool only_mixed = false;
  long range_count = 0;
  app.add_flag("--mixed", only_mixed, "measure long and short tasks under each scheduler instead");
  app.add_option("--range", range_count, "map that many integers instead, and show the memory")
    ->check(CLI::Range(1L, 10'000'000'000L));
  CLI11_PARSE(app, argc, argv);
  if (only_mixed || range_count > 0) {
    if (only_mixed)
      mixed(rt);
    if (range_count > 0)
      range(rt, range_count);
    return 0;
  }
  std::printf("%zu usable CPUs\n", troupe::usable_cpus());
  throughput(rt, with);
  latency(rt, with);
  sleeping(rt, with);
  fresh_children(rt, with);
  actor_deaths(rt);
  return 0;
}
