// The size of a pool, calls of every child, and what the pool reports of both.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int own_pid() {
  return ::getpid();
}

std::size_t own_slot() {
  return troupe::this_child::slot();
}

int setting = 0;
int set(int value) {
  return std::exchange(setting, value);
}

std::size_t ready_children(const troupe::pool& pool) {
  const auto stats = pool.stats();
  return static_cast<std::size_t>(
    std::count_if(stats.children.begin(), stats.children.end(), [](const auto& child) {
      return child.state == troupe::child_state::ready && child.pid != 0 && child.memory > 0 &&
             child.started > std::chrono::system_clock::time_point{};
    }));
}

void wait_until_ready(const troupe::pool& pool) {
  pool.ready()(asio::use_future).get();
}

int throw_once(std::string file) {
  if (std::filesystem::exists(file))
    return 1;
  std::ofstream(file).put('x');
  throw std::runtime_error("not yet");
}

} // namespace

TEST_CASE("a pool grows and shrinks while it runs") {
  troupe::pool pool{rt(), {.processes = 1}};
  wait_until_ready(pool);
  pool.resize(4);
  wait_until_ready(pool);
  REQUIRE(ready_children(pool) == 4);
  const auto before = pool.stats();
  pool.resize(2);
  // Those that are left are the ones of the first slots.
  CHECK(eventually([&] { return pool.stats().children.size() == 2; }));
  CHECK(pool.stats().children[0].pid == before.children[0].pid);
  CHECK(pool.stats().children[1].pid == before.children[1].pid);
  for (const auto slot : {2u, 3u}) {
    const auto pid = before.children[slot].pid;
    CHECK(eventually([&] { return state_of(pid).empty(); }));
  }
  CHECK(pool.stats().deaths == 0);
  CHECK(pool.options().processes == 1);
  std::vector<int> numbers(1000);
  for (const int result : pool.map(square, numbers))
    CHECK(result == 0);
}

TEST_CASE("a child whose slot is gone finishes its task") {
  troupe::pool pool{rt(), {.processes = 2}};
  wait_until_ready(pool);
  const flag go_on;
  auto waiting = pool.broadcast(wait_for_flag, go_on.path());
  REQUIRE(eventually([&] { return pool.running_tasks().size() == 2; }));
  pool.resize(1);
  CHECK(pool.apply(own_slot).valid());
  go_on.raise();
  for (auto& each : waiting)
    CHECK_NOTHROW(each.get());
  CHECK(eventually([&] { return pool.stats().children.size() == 1; }));
}

TEST_CASE("a size that cannot be is refused, and a closed pool keeps its size") {
  troupe::pool pool{rt(), {.processes = 2, .queuecount = 2}};
  CHECK_THROWS_WITH(pool.resize(1),
    ContainsSubstring("queue count must be <= process count: queuecount is 2, processes is 1"));
  CHECK_THROWS_AS(pool.resize(1025), std::invalid_argument);
  pool.close();
  CHECK_THROWS_AS(pool.resize(3), troupe::pool_closed);
}

TEST_CASE("a broadcast runs once in each child, and comes back in the order of the slots") {
  troupe::pool pool{rt(), {.processes = 3}};
  auto slots = pool.broadcast(own_slot);
  REQUIRE(slots.size() == 3);
  for (std::size_t slot = 0; slot < slots.size(); ++slot)
    CHECK(slots[slot].get() == slot);
  std::set<int> pids;
  for (auto& pid : pool.broadcast(own_pid))
    pids.insert(pid.get());
  CHECK(pids.size() == 3);
  for (auto& before : pool.broadcast(set, 7))
    CHECK(before.get() == 0);
  for (auto& before : pool.broadcast(set, 8))
    CHECK(before.get() == 7);
}

TEST_CASE("a broadcast right after a resize goes to all children that are wanted") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (const std::size_t size : {4u, 2u, 3u}) {
    pool.resize(size);
    auto slots = pool.broadcast(own_slot);
    REQUIRE(slots.size() == size);
    for (std::size_t slot = 0; slot < size; ++slot)
      CHECK(slots[slot].get() == slot);
  }
}

TEST_CASE("whatever ends a pool while it is resized, each call of its broadcasts is resolved") {
  for (int round = 0; round < 24; ++round) {
    std::vector<troupe::task_future<int>> calls;
    {
      troupe::pool pool{rt(), {.processes = 2, .spares = round % 2 == 0 ? 1u : 0u}};
      const auto add = [&](std::size_t size) {
        pool.resize(size);
        for (auto& call : pool.broadcast(own_pid))
          calls.push_back(std::move(call));
      };
      add(4);
      if (round % 3 == 0)
        ::kill(calls.front().get(), SIGKILL);
      add(1);
      add(3);
      if (round % 4 == 1)
        pool.close();
      if (round % 4 == 2)
        pool.terminate();
      if (round % 4 == 3) {
        pool.close();
        pool.join();
      }
    }
    for (const auto& call : calls)
      CHECK(call.done());
  }
}

TEST_CASE("a broadcast of coroutines and blocking functions, and of what throws") {
  troupe::pool pool{rt(), {.processes = 2}};
  for (auto& each : pool.broadcast(nap, 5))
    CHECK(each.get() == 5);
  for (auto& each : pool.broadcast(troupe::blocking(square), 5))
    CHECK(each.get() == 25);
  for (auto& each : pool.broadcast(throwing_initializer))
    CHECK_THROWS_AS(each.get(), std::invalid_argument);
}

TEST_CASE("the tasks that run are listed with their names, children and attempts") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
  const flag go_on;
  troupe::task_options options;
  options.name = "waits";
  auto first = pool.apply(options, troupe::blocking(wait_for_flag), go_on.path());
  REQUIRE(eventually([&] { return pool.running_tasks().size() == 1; }));
  auto second = pool.apply(troupe::blocking(wait_for_flag), go_on.path());
  REQUIRE(eventually([&] { return pool.running_tasks().size() == 2; }));
  const auto running = pool.running_tasks();
  CHECK(running[0].name == "waits");
  CHECK(running[0].age >= running[1].age);
  CHECK(running[0].attempt == 1);
  CHECK(running[0].slot == 0);
  CHECK(running[0].pid == pool.stats().children[0].pid);
  CHECK(running[1].name.empty());
  CHECK(running[1].id > running[0].id);
  go_on.raise();
  first.get();
  second.get();
  CHECK(pool.running_tasks().empty());
}

TEST_CASE("a pool reports the children that start and end, and the tasks that are tried again") {
  struct {
    std::mutex mutex;
    std::vector<troupe::child_started> started;
    std::vector<troupe::child_ended> ended;
    std::vector<troupe::task_retried> retried;
    std::size_t started_count() {
      const std::lock_guard lock(mutex);
      return started.size();
    }
    std::size_t ended_count() {
      const std::lock_guard lock(mutex);
      return ended.size();
    }
  } seen;
  troupe::pool_options options;
  options.processes = 1;
  options.name = "watched";
  options.on_child_started = [&](const troupe::child_started& child) {
    const std::lock_guard lock(seen.mutex);
    seen.started.push_back(child);
  };
  options.on_child_ended = [&](const troupe::child_ended& child) {
    const std::lock_guard lock(seen.mutex);
    seen.ended.push_back(child);
    throw std::runtime_error("what a callback throws does no harm");
  };
  options.on_task_retried = [&](const troupe::task_retried& task) {
    const std::lock_guard lock(seen.mutex);
    seen.retried.push_back(task);
  };
  troupe::pool pool{rt(), options};
  CHECK_THROWS_AS(pool.apply(std::abort).get(), troupe::child_lost);
  CHECK(eventually([&] { return seen.started_count() == 2; }));
  const flag tried;
  troupe::task_options twice;
  twice.name = "second time lucky";
  twice.retries.max_attempts = 2;
  CHECK(pool.apply(twice, throw_once, tried.path()).get() == 1);
  pool.close();
  pool.join();
  const std::lock_guard lock(seen.mutex);
  REQUIRE(seen.started.size() == 2);
  CHECK(seen.started[0].pool == "watched");
  CHECK(seen.started[0].pid != seen.started[1].pid);
  CHECK_FALSE(seen.started[0].spare);
  REQUIRE(seen.ended.size() == 2);
  CHECK(seen.ended[0].died);
  CHECK(seen.ended[0].exit.signal == SIGABRT);
  CHECK(seen.ended[0].exit.pid == seen.started[0].pid);
  CHECK_FALSE(seen.ended[1].died);
  CHECK(seen.ended[1].exit.exit_code == 0);
  REQUIRE(seen.retried.size() == 1);
  CHECK(seen.retried[0].name == "second time lucky");
  CHECK(seen.retried[0].attempt == 1);
  CHECK_THROWS_WITH(std::rethrow_exception(seen.retried[0].failure), ContainsSubstring("not yet"));
}

TEST_CASE("a callback may submit tasks to its pool, and resize it") {
  std::mutex mutex;
  troupe::pool* pool = nullptr;
  std::optional<troupe::task_future<int>> submitted;
  troupe::pool_options options;
  options.processes = 1;
  options.on_child_ended = [&](const troupe::child_ended& child) {
    const std::lock_guard lock(mutex);
    if (!child.died)
      return;
    pool->resize(2);
    submitted = pool->apply(square, 3);
  };
  troupe::pool watched{rt(), options};
  {
    const std::lock_guard lock(mutex);
    pool = &watched;
  }
  CHECK_THROWS_AS(watched.apply(std::abort).get(), troupe::child_lost);
  const auto has_submitted = [&] {
    const std::lock_guard lock(mutex);
    return submitted.has_value();
  };
  REQUIRE(eventually(has_submitted));
  CHECK(submitted->get() == 9);
  CHECK(watched.stats().children.size() == 2);
}
