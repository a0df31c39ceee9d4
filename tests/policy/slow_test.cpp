// Which tasks are told to be slow, when, and whose stacks are asked for.
#include "base/limits.hpp"
#include "policy/fake_pool.hpp"
#include "support/catch.hpp"

#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using troupe::test::fake_pool;

namespace {

policy::pool_machine::rules slow_after(
  std::chrono::milliseconds time, std::size_t processes = 1, std::size_t concurrency = 1) {
  auto rules = fake_pool::rules_of(processes);
  rules.slow_after = time;
  rules.concurrency = concurrency;
  return rules;
}

} // namespace

TEST_CASE("a task that runs longer than slow_after is told of, once, and goes on") {
  fake_pool pool(slow_after(100ms));
  pool.all_ready();
  const auto task = pool.submit(task_options{.name = "resize"});
  pool.wait(80ms); // it lies in the child
  pool.begin(0, task);
  pool.wait(99ms);
  CHECK(pool.slow.empty());
  pool.wait(2ms);
  REQUIRE(pool.slow.size() == 1);
  CHECK(pool.slow[0].id == task->id);
  CHECK(pool.slow[0].name == "resize");
  CHECK(pool.slow[0].attempt == 1);
  CHECK(pool.slow[0].slot == 0);
  CHECK(pool.slow[0].ran >= 100ms);
  CHECK(pool.slow[0].ran <= 101ms);
  pool.wait(10s);
  CHECK(pool.slow.size() == 1);
  CHECK(pool.ended.empty());
  pool.finish(0, task);
  CHECK(troupe::test::has_value(task));
}

TEST_CASE("tasks that end sooner cost one look in that time") {
  fake_pool pool(slow_after(100ms));
  pool.all_ready();
  std::size_t alarms = 0;
  const auto end = pool.now + 1s;
  while (pool.now < end) {
    const auto task = pool.submit();
    pool.begin(0, task);
    pool.now += 1ms;
    while (pool.machine.next_alarm() && *pool.machine.next_alarm() <= pool.now) {
      pool.machine.alarm(pool.now);
      pool.settle();
      ++alarms;
    }
    pool.finish(0, task);
  }
  CHECK(pool.slow.empty());
  CHECK(alarms <= 13); // beside those looks there is one whether the child makes progress
}

TEST_CASE("without slow_after nobody looks") {
  fake_pool pool(slow_after(0ms));
  pool.all_ready();
  const auto task = pool.submit();
  pool.begin(0, task);
  pool.wait(10s);
  CHECK(pool.slow.empty());
}

TEST_CASE("a task whose end nobody has read yet is not slow") {
  fake_pool pool(slow_after(100ms));
  pool.all_ready();
  const auto task = pool.submit();
  pool.begin(0, task);
  pool.write(0, task);
  pool.wait(1s);
  CHECK(pool.slow.empty());
}

TEST_CASE("each attempt at a task is told of") {
  fake_pool pool(slow_after(100ms));
  pool.all_ready();
  const auto task =
    pool.submit(task_options{.retries = {.max_attempts = 2, .backoff = 0ms, .jitter = 0}});
  for (std::uint32_t attempt = 1; attempt <= 2; ++attempt) {
    pool.begin(0, task);
    pool.wait(150ms);
    REQUIRE(pool.slow.size() == attempt);
    CHECK(pool.slow.back().attempt == attempt);
    pool.finish(0, task, true);
    pool.wait(1ms);
  }
}

TEST_CASE("of very many slow tasks some are told of at a time, and in the end all") {
  constexpr std::size_t many = 3 * limits::max_slow_tasks_told;
  fake_pool pool(slow_after(100ms, 1, many));
  pool.all_ready();
  std::vector<detail::task_ptr> tasks;
  for (std::size_t i = 0; i < many; ++i)
    tasks.push_back(pool.submit(std::nullopt, detail::call_kind::coroutine));
  for (const auto& task : tasks)
    if (pool.seat_of(task))
      pool.begin(0, task);
  pool.wait(101ms);
  CHECK(pool.slow.size() == limits::max_slow_tasks_told);
  pool.wait(2 * limits::slow_tasks_pause);
  CHECK(pool.slow.size() == many);
}

TEST_CASE("a task that is to stop while a thread executes it is asked for its stack") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  pool[0].thread = 77;
  const auto late = pool.submit(task_options{.timeout = 10ms});
  pool.begin(0, late);
  pool.wait(11ms);
  using asked = std::vector<std::tuple<std::uint32_t, pid_t, task_id>>;
  CHECK(pool.stacks_asked == asked{{0, 77, late->id}});
}

TEST_CASE("a task that is cancelled is asked for its stack if a thread executes it") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto waiting = pool.submit();
  pool.begin(0, waiting);
  pool[0].thread = 0; // a coroutine that waits
  pool.machine.cancel(waiting, true, pool.now);
  pool.settle();
  CHECK(pool.stacks_asked.empty());
  const auto unstarted = pool.submit();
  pool[0].thread = 77;
  pool.machine.cancel(unstarted, true, pool.now);
  pool.settle();
  CHECK(pool.stacks_asked.empty());
}
