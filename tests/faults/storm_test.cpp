// Children are killed at random while they work. TROUPE_STORM_TASKS=100000 makes it the long form.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <cstdlib>
#include <random>
#include <ranges>
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int storm_tasks() {
  const char* tasks = std::getenv("TROUPE_STORM_TASKS");
  return tasks != nullptr ? std::stoi(tasks) : 20'000;
}

// A child takes much longer to start under AddressSanitizer, and must get as far as that.
#if defined(__SANITIZE_ADDRESS__)
constexpr auto pace = 1000ms;
#else
constexpr auto pace = 100ms;
#endif

// About 0.2 ms of work.
int work(int x) {
  const auto end = std::chrono::steady_clock::now() + 200us;
  while (std::chrono::steady_clock::now() < end) {
  }
  return x * 2;
}

} // namespace

TEST_CASE("kill -9 of random children, ten a second: every task resolves once, only started ones "
          "are lost") {
  { troupe::pool warm_up{rt(), {.processes = 1}}; }
  const auto before = footprint::of_this_process();
  const unsigned seed = 20261124;
  INFO("seed " << seed);
  int values = 0;
  int lost = 0;
  std::uint64_t deaths = 0;
  std::size_t memory_early = 0;
  std::size_t memory_late = 0;
  const int tasks = storm_tasks();
  {
    // Many of the killed are still starting, on a slow machine for a long time, which is no reason to give up here.
    troupe::pool pool{
      rt(), {.processes = 2,
              .restart = {.intensity = 10'000, .start_attempts = 10'000, .give_up_after = 1h}}};
    std::jthread killer([&](const std::stop_token& over) {
      std::mt19937 random(seed);
      while (!over.stop_requested()) {
        const auto children = pool.stats().children;
        const auto pid = children[random() % children.size()].pid;
        if (pid > 0)
          ::kill(pid, SIGKILL);
        std::this_thread::sleep_for(pace);
      }
    });
    for (auto& item : pool.map_unordered(work, std::views::iota(0, tasks))) {
      if (item.has_value()) {
        ++values;
        REQUIRE(item.value() == static_cast<int>(item.index()) * 2);
      } else {
        ++lost;
        REQUIRE_THROWS_AS(item.value(), troupe::child_lost);
      }
      if (values + lost == tasks / 4)
        memory_early = resident_kilobytes(::getpid());
    }
    memory_late = resident_kilobytes(::getpid());
    killer.request_stop();
    killer.join();
    deaths = pool.stats().deaths;
    CHECK(pool.map(work, std::vector{1, 2, 3}).get() == std::vector{2, 4, 6});
  }
  CHECK(values + lost == tasks);
  CHECK(deaths > 0);
  CHECK(static_cast<std::uint64_t>(lost) <=
        deaths); // plain functions: at most one is started in a child
  CHECK(memory_late < memory_early + 20'000);
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
  WARN(tasks << " tasks, " << deaths << " deaths, " << lost << " lost");
}
