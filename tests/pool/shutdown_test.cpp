#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <cstdlib>
#include <ranges>
#include <thread>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

void sleep_long() {
  std::this_thread::sleep_for(std::chrono::hours(1));
}

void ignore_sigterm() {
  ::signal(SIGTERM, SIG_IGN);
}

} // namespace

TEST_CASE("after close a pool takes nothing more, drains, and can be joined") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto results = pool.map(square, std::views::iota(0, 500));
  pool.close();
  CHECK_THROWS_AS(pool.apply(square, 1), troupe::pool_closed);
  CHECK_THROWS_WITH(pool.map(square, std::vector{1}), "pool is closed");
  CHECK_THROWS_AS(pool.starmap(square, std::vector<std::tuple<int>>{{1}}), troupe::pool_closed);
  pool.close();
  pool.join();
  CHECK(results.get().size() == 500);
  pool.terminate();
  pool.join();
}

TEST_CASE("join of an open pool is an error") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_WITH(pool.join(), ContainsSubstring("pool is still open"));
  CHECK_THROWS_AS(pool.join_for(1ms), std::logic_error);
}

TEST_CASE("join_for gives up at its deadline") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto blocked = pool.apply(sleep_long);
  pool.close();
  CHECK_FALSE(pool.join_for(10ms));
  pool.terminate();
  CHECK(pool.join_for(60s));
}

TEST_CASE("terminate drops everything that is pending") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto running = pool.apply(sleep_long);
  std::vector<troupe::task_future<int>> queued;
  for (int i = 0; i < 100; ++i)
    queued.push_back(pool.apply(square, i));
  pool.terminate();
  CHECK_THROWS_AS(running.get(), troupe::task_cancelled);
  for (auto& one : queued)
    CHECK_THROWS_AS(one.get(), troupe::task_cancelled);
  pool.join();
}

TEST_CASE("leaving the scope ends a pool with everything pending cancelled") {
  troupe::task_future<void> running;
  {
    troupe::pool pool{rt(), {.processes = 1}};
    running = pool.apply(sleep_long);
  }
  CHECK_THROWS_AS(running.get(), troupe::task_cancelled);
}

TEST_CASE("a function that spins for ever holds up the end of its pool no longer than its grace") {
  const auto spin = [](troupe::queue<int> started) {
    started.push(1);
    for (volatile bool go_on = true; go_on;) {
    }
  };
  const auto options = [](std::size_t budget) {
    return troupe::pool_options{.processes = 1,
      .maxtasksperchild = budget,
      .shutdown_timeout = std::chrono::hours(1),
      .cancel_grace = std::chrono::milliseconds(100)};
  };
  for (const std::size_t budget : {0, 1}) {
    troupe::pool pool{rt(), options(budget)};
    troupe::queue<int> started{rt(), 1};
    auto spinning = pool.apply(spin, started);
    REQUIRE(started.pop());
    spinning.cancel();
    CHECK_THROWS_AS(spinning.get(), troupe::task_cancelled);
    pool.close();
    pool.join();
  }
}

TEST_CASE("a child that ignores SIGTERM is killed after the shutdown timeout") {
  troupe::pool pool{
    rt(), {.processes = 1, .initializer = troupe::call(ignore_sigterm), .shutdown_timeout = 50ms}};
  pool.apply(square, 1).get();
  auto running = pool.apply(sleep_long);
  pool.terminate();
  pool.join();
  CHECK_THROWS_AS(running.get(), troupe::task_cancelled);
}

TEST_CASE("a pool can be made and ended at once, at every stage of its start") {
  for (int i = 0; i < 20; ++i) {
    troupe::pool pool{rt(), {.processes = 2}};
    if (i % 4 == 1)
      pool.close();
    if (i % 4 == 2)
      pool.terminate();
    if (i % 4 == 3)
      pool.apply(square, i).get();
  }
  SUCCEED("none of them hung");
}

TEST_CASE("a pool leaves nothing behind") {
  { troupe::pool warm_up{rt(), {.processes = 1}}; }
  const auto before = footprint::of_this_process();
  for (int i = 0; i < 5; ++i) {
    troupe::pool pool{rt(), {.processes = 2}};
    pool.map(square, std::views::iota(0, 100)).get();
    pool.close();
    pool.join();
  }
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

TEST_CASE("results outlive their pool") {
  troupe::task_future<int> future;
  {
    troupe::pool pool{rt(), {.processes = 1}};
    future = pool.apply(square, 5);
    future.wait();
  }
  CHECK(future.get() == 25);
}

TEST_CASE("an idle pool makes no wake-ups") {
  troupe::pool pool{rt(), {.processes = 2}};
  pool.map(square, std::views::iota(0, 100)).get();
  std::vector<pid_t> watched = children_of(::getpid());
  const auto all_switches = [&] {
    // This thread's own are not the pool's.
    std::uint64_t total = 0;
    for (const pid_t pid : watched)
      total += voluntary_context_switches(pid);
    return total + voluntary_context_switches(::getpid());
  };
  // What was under way comes to rest at some time; from then on every span is silent. Something that
  // wakes up now and then would never let one be.
  const auto span = std::chrono::seconds(std::getenv("TROUPE_IDLE_SECONDS") != nullptr
                                           ? std::stoi(std::getenv("TROUPE_IDLE_SECONDS"))
                                           : 2);
  CHECK(eventually([&] {
    const auto before = all_switches();
    std::this_thread::sleep_for(span);
    return all_switches() - before <= 1; // this thread's own sleep
  }));
}
