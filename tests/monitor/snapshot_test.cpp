// What a program sees of its own pools.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/use_future.hpp>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int fail_loudly(int x) {
  throw std::out_of_range("no item " + std::to_string(x));
}

void die() {
  ::raise(SIGKILL);
}

int own_pid() {
  return ::getpid();
}

int memory = 0;

void remember(int what) {
  memory = what;
}

int remembered() {
  return memory;
}

troupe::task_options named(std::string name) {
  troupe::task_options options;
  options.name = std::move(name);
  return options;
}

} // namespace

TEST_CASE("a snapshot shows what runs, what waits, and what has become of tasks by name") {
  troupe::pool pool(rt(), {.processes = 1, .name = "shown", .max_queue = 50});
  const flag gate;
  CHECK(pool.apply(named("quick"), square, 3).get() == 9);
  auto running = pool.apply(named("slow"), wait_for_flag, gate.path());
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  auto waiting = pool.apply(named("quick"), square, 4);

  const auto seen = pool.snapshot();
  CHECK(seen.stats.name == "shown");
  CHECK(seen.stats.submitted == 3);
  CHECK(seen.max_queue == 50);
  CHECK_FALSE(seen.closing);
  REQUIRE(seen.running.size() == 1);
  CHECK(seen.running[0].name == "slow");
  REQUIRE(seen.tasks.size() == 2);
  CHECK(seen.tasks[0].name == "quick");
  CHECK(seen.tasks[0].submitted == 2);
  CHECK(seen.tasks[0].succeeded == 1);
  CHECK(seen.tasks[0].left() == 1);
  CHECK(seen.tasks[1].title() == "slow");
  CHECK(seen.stats.children.at(0).memory > 0);
  gate.raise();
  running.get();
  CHECK(waiting.get() == 16);
  pool.close();
  CHECK(pool.snapshot().closing);
  pool.join();
}

TEST_CASE("a task without a name is counted by its function, and each item of a map as a task") {
  troupe::pool pool(rt(), {.processes = 1});
  const auto all = pool.map(square, std::views::iota(0, 1000)).get();
  CHECK(all.size() == 1000);
  const auto seen = pool.snapshot();
  REQUIRE(seen.tasks.size() == 1);
  CHECK(seen.tasks[0].name.empty());
  CHECK(seen.tasks[0].submitted == 1000);
  CHECK(seen.tasks[0].succeeded == 1000);
  CHECK(seen.tasks[0].left() == 0);
  CHECK(seen.tasks[0].title().find("troupe::test::square") != std::string::npos);
}

TEST_CASE("a failure is kept with its type, its message and the stack of where it was thrown") {
  troupe::pool pool(rt(), {.processes = 1});
  CHECK_THROWS_AS(pool.apply(named("loud"), fail_loudly, 7).get(), std::out_of_range);
  const auto failures = pool.snapshot().failures;
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].name == "loud");
  CHECK(failures[0].type == "std::out_of_range");
  CHECK(failures[0].message == "no item 7");
  CHECK(failures[0].pid == pool.apply(own_pid).get());
  CHECK(failures[0].slot == 0);
  CHECK(failures[0].attempt == 1);
  CHECK(failures[0].traceback().find("fail_loudly") != std::string::npos);
}

TEST_CASE("an item of a batch that failed is kept, too") {
  troupe::pool pool(rt(), {.processes = 1});
  auto results = pool.map_unordered(
    [](int x) {
      if (x == 137)
        throw std::runtime_error("not this one");
      return x;
    },
    std::views::iota(0, 300));
  std::size_t failed = 0;
  for (auto& result : results)
    failed += result.error() ? 1 : 0;
  CHECK(failed == 1);
  const auto seen = pool.snapshot();
  REQUIRE(seen.failures.size() == 1);
  CHECK(seen.failures[0].message == "not this one");
  CHECK(seen.failures[0].id == 138); // ids count from 1
  CHECK(seen.tasks.at(0).failed == 1);
  CHECK(seen.tasks.at(0).succeeded == 299);
}

TEST_CASE("a task whose child dies is kept as lost") {
  troupe::pool pool(rt(), {.processes = 1});
  CHECK_THROWS_AS(pool.apply(named("deadly"), die).get(), troupe::child_lost);
  const auto seen = pool.snapshot();
  REQUIRE(seen.failures.size() == 1);
  CHECK(seen.failures[0].type == "troupe::child_lost");
  CHECK(seen.failures[0].pid != 0);
  CHECK(seen.tasks.at(0).failed == 1);
}

TEST_CASE("a pool that has ended can still be looked at") {
  troupe::pool pool(rt(), {.processes = 1});
  pool.apply(named("a"), square, 1).get();
  pool.close();
  pool.join();
  const auto seen = pool.snapshot();
  CHECK(seen.closing);
  CHECK(seen.tasks.at(0).succeeded == 1);
  CHECK(seen.running.empty());
}

TEST_CASE("a recycled child is replaced by another, and no task is lost") {
  troupe::pool pool(rt(), {.processes = 1});
  const auto before = pool.apply(own_pid).get();
  const flag gate;
  auto running = pool.apply(wait_for_flag, gate.path());
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  pool.recycle(0);
  auto waiting = pool.apply(own_pid);
  gate.raise();
  running.get();
  CHECK(waiting.get() != before);
  const auto stats = pool.stats();
  CHECK(stats.deaths == 0);
  CHECK(stats.lost == 0);
  CHECK(stats.children.at(0).restarts == 1);
}

TEST_CASE("recycling says what is wrong") {
  troupe::pool pool(rt(), {.processes = 2, .name = "two"});
  CHECK_THROWS_WITH(pool.recycle(2), "pool two has no slot 2: it has 0 to 1");
  pool.close();
  CHECK_THROWS_AS(pool.recycle(0), troupe::pool_closed);
  pool.join();
}

TEST_CASE("children are renewed with other options, and no task is lost") {
  troupe::pool pool(rt(),
    {.processes = 2, .initializer = troupe::call(remember, 1), .name = "renewed", .spares = 1});
  pool.ready()(boost::asio::use_future).get();
  const flag gate;
  auto running = pool.apply(wait_for_flag, gate.path());
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  auto now = pool.options();
  now.initializer = troupe::call(remember, 2);
  now.processes = 7; // is not looked at
  pool.renew(now);
  std::vector<troupe::task_future<int>> asked;
  for (int i = 0; i < 20; ++i)
    asked.push_back(pool.apply(remembered));
  for (auto& one : asked) {
    const int value = one.get();
    CHECK((value == 1 || value == 2));
  }
  gate.raise();
  running.get();
  CHECK(eventually([&] {
    auto all = pool.broadcast(remembered);
    return std::ranges::all_of(all, [](auto& one) { return one.get() == 2; });
  }));
  const auto stats = pool.stats();
  CHECK(stats.children.size() == 2);
  CHECK(stats.deaths == 0);
  CHECK(stats.lost == 0);
}

TEST_CASE("renewing says what is wrong") {
  troupe::pool pool(rt(), {.processes = 1, .name = "one"});
  auto now = pool.options();
  now.limits.nice = 40;
  CHECK_THROWS_AS(pool.renew(now), std::invalid_argument);
  pool.close();
  CHECK_THROWS_AS(pool.renew(pool.options()), troupe::pool_closed);
  pool.join();
}
