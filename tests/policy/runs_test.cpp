// What is told of each run of a task, to whoever watches.
#include "policy/fake_pool.hpp"
#include "support/catch.hpp"
#include "values/exception_codec.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::test;

namespace {

constexpr bool always = true;

policy::pool_machine::rules watched_rules(std::size_t processes) {
  auto rules = fake_pool::rules_of(processes);
  rules.runs_wanted = &always;
  return rules;
}

task_options named(std::string name) {
  task_options options;
  options.name = std::move(name);
  return options;
}

// All items that have ended for good.
std::size_t items_told(const fake_pool& pool) {
  std::size_t items = 0;
  for (const auto& run : pool.runs)
    items += run.again ? 0 : run.items;
  return items;
}

} // namespace

TEST_CASE("a task that ends is told once, with the time at which its child began it") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  const auto task = pool.submit(named("resize"));
  pool.now += 10ms;
  pool.begin(0, task);
  const auto began = pool.now;
  pool.write(0, task, false, 3ms);
  pool.now += 5ms; // the parent sees it later
  pool[0].read();
  pool.settle();

  REQUIRE(pool.runs.size() == 1);
  const auto& run = pool.runs[0];
  CHECK(run.id == task->id);
  CHECK(run.name == "resize");
  CHECK(run.how == task_end::value);
  CHECK(run.items == 1);
  CHECK(run.failed == 0);
  CHECK(run.attempt == 1);
  CHECK_FALSE(run.again);
  CHECK(run.started);
  CHECK(run.slot == 0);
  CHECK(run.began == began);
  CHECK(run.ran == 3ms);
}

TEST_CASE("nothing is told while nobody wants to know, and the next one is when somebody does") {
  bool wanted = false;
  auto rules = fake_pool::rules_of(1);
  rules.runs_wanted = &wanted;
  fake_pool pool(rules);
  pool.all_ready();
  const auto first = pool.submit();
  const auto second = pool.submit();
  pool.finish(0, first);
  CHECK(pool.runs.empty());
  wanted = true;
  pool.finish(0, second);
  REQUIRE(pool.runs.size() == 1);
  CHECK(pool.runs[0].id == second->id);
}

TEST_CASE("what a child says of the time is told as far as it can be true") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  const auto early = pool.submit();
  const auto sent = pool.now;
  pool[0].cells.at(pool[0].cell_of(early)).started = pool.now - 1h;
  pool.write(0, early, false, 1h);
  pool.now += 1ms;
  pool[0].read();
  const auto late = pool.submit();
  pool[0].cells.at(pool[0].cell_of(late)).started = pool.now + 1h;
  pool.write(0, late, false, 1us);
  pool.now += 1ms;
  pool[0].read();
  REQUIRE(pool.runs.size() == 2);
  CHECK(pool.runs[0].began == sent);
  CHECK(pool.runs[0].ran == 1ms);
  CHECK(pool.runs[1].began == pool.now - 1us);
  CHECK(pool.runs[1].ran == 1us);
}

TEST_CASE("each end is told with what it was") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();

  SECTION("it threw, and the type is that of the report") {
    const auto task = pool.submit();
    detail::bytes encoded;
    exception_report report;
    report.type = "std::out_of_range";
    detail::encode_report(encoded, report);
    pool.begin(0, task);
    policy::child_outcome came;
    came.task = pool[0].cells.extract(pool[0].cell_of(task)).mapped().task;
    came.kind = task->code.kind;
    came.threw = true;
    came.payload = detail::view(encoded);
    pool.machine.task_ended(0, came, pool.now);
    REQUIRE(pool.runs.size() == 1);
    CHECK(pool.runs[0].how == task_end::threw);
    CHECK(pool.runs[0].type == "std::out_of_range");
    CHECK(pool.runs[0].failed == 1);
  }
  SECTION("its child died") {
    const auto task = pool.submit();
    pool.begin(0, task);
    const auto began = pool.now;
    pool.now += 7ms;
    pool.crash(0, task);
    REQUIRE(pool.runs.size() == 1);
    CHECK(pool.runs[0].how == task_end::lost);
    CHECK(pool.runs[0].signal == SIGKILL);
    CHECK(pool.runs[0].began == began);
    CHECK(pool.runs[0].ran == 7ms);
  }
  SECTION("its time was up, and its late end is told no more") {
    auto options = named("slow");
    options.timeout = 5ms;
    const auto task = pool.submit(options);
    pool.begin(0, task);
    pool.wait(6ms);
    pool.write(0, task);
    pool[0].read();
    REQUIRE(pool.runs.size() == 1);
    CHECK(pool.runs[0].how == task_end::timed_out);
    CHECK(pool.runs[0].ran == 5ms);
  }
  SECTION("it was cancelled before it was begun") {
    const auto task = pool.submit();
    pool.machine.cancel(task, true, pool.now);
    REQUIRE(pool.runs.size() == 1);
    CHECK(pool.runs[0].how == task_end::cancelled);
    CHECK_FALSE(pool.runs[0].started);
    CHECK(pool.runs[0].failed == 0);
  }
  SECTION("it was cancelled while it ran, and its late end is told no more") {
    const auto task = pool.submit();
    pool.begin(0, task);
    pool.now += 2ms;
    pool.machine.cancel(task, true, pool.now);
    pool.write(0, task);
    pool[0].read();
    REQUIRE(pool.runs.size() == 1);
    CHECK(pool.runs[0].how == task_end::cancelled);
    CHECK(pool.runs[0].started);
    CHECK(pool.runs[0].ran == 2ms);
  }
  SECTION("it was not started in time") {
    const auto blocking = pool.submit();
    pool.begin(0, blocking);
    auto options = named("stale");
    options.expires = 1ms;
    pool.submit(options);
    const auto expires = pool.now + 1ms;
    pool.wait(2ms);
    REQUIRE(pool.runs.size() == 1);
    CHECK(pool.runs[0].how == task_end::expired);
    CHECK(pool.runs[0].began == expires);
    CHECK_FALSE(pool.runs[0].started);
    CHECK(pool.runs[0].attempt <= 1);
  }
  SECTION("the pool was terminated: what ran and what waited") {
    const auto ran = pool.submit();
    pool.begin(0, ran);
    pool.now += 1ms;
    for (int i = 0; i < 4; ++i)
      pool.submit();
    pool.machine.terminate("of the test", pool.now);
    REQUIRE(pool.runs.size() == 5);
    CHECK(std::ranges::all_of(
      pool.runs, [](const auto& run) { return run.how == task_end::cancelled; }));
    CHECK(std::ranges::count(pool.runs, true, &troupe::task_ended::started) == 1);
  }
}

TEST_CASE("each attempt is told, and the last one as such") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  auto options = named("flaky");
  options.retries.max_attempts = 3;
  options.retries.backoff = 1ms;
  options.retries.jitter = 0;
  const auto task = pool.submit(options);
  pool.finish(0, task, true);
  pool.wait(1s);
  pool.begin(0, task);
  pool.crash(0, task);
  pool.all_ready();
  pool.wait(1s);
  pool.finish(0, task);

  REQUIRE(pool.runs.size() == 3);
  CHECK(pool.runs[0].again);
  CHECK(pool.runs[0].attempt == 1);
  CHECK(pool.runs[1].how == task_end::lost);
  CHECK(pool.runs[1].again);
  CHECK(pool.runs[1].attempt == 2);
  CHECK(pool.runs[2].how == task_end::value);
  CHECK_FALSE(pool.runs[2].again);
  CHECK(pool.runs[2].attempt == 3);
  CHECK(items_told(pool) == 1);
}

TEST_CASE("an attempt that its death did not end for good is told as lost") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  auto options = named("idempotent");
  options.idempotent = true;
  const auto task = pool.submit(options);
  const auto other = pool.submit(std::nullopt, detail::call_kind::coroutine);
  pool.begin(0, task);
  pool.begin(0, other);
  pool.crash(0, other);
  pool.all_ready();
  pool.finish(0, task);
  REQUIRE(pool.runs.size() == 3);
  CHECK(pool.runs[0].how == task_end::lost);
  CHECK(pool.runs[1].how == task_end::lost);
  CHECK(pool.runs[0].again != pool.runs[1].again);
  CHECK(pool.runs[2].id == task->id);
  CHECK(pool.runs[2].attempt == 2);
  CHECK(items_told(pool) == 2);
}

TEST_CASE("a batch is one run, with the numbers of its items") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  const auto batch = pool.submit(named("item"), detail::call_kind::plain, 0, 3);
  const auto began = pool.now;
  for (int i = 0; i < 3; ++i) {
    pool.claim(0, batch);
    pool.now += 100us;
    pool.end_item(0, batch, i, i == 1);
  }
  pool.end_batch(0, batch);
  REQUIRE(pool.runs.size() == 1);
  CHECK(pool.runs[0].how == task_end::value);
  CHECK(pool.runs[0].items == 3);
  CHECK(pool.runs[0].failed == 1);
  CHECK(pool.runs[0].began == began);
  CHECK(pool.runs[0].ran == 300us);
}

TEST_CASE(
  "a batch that was divided while it ran is told when its child has run all that it had of it") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  const auto batch = pool.submit(named("item"), detail::call_kind::plain, 0, 5);
  const auto began = pool.now;
  pool.claim(0, batch);
  pool.end_item(0, batch, 0, true);
  pool.claim(0, batch);
  pool.wait(20ms); // its second item takes long: the first is resolved, the others wait anew
  REQUIRE(batch->done());
  CHECK(pool.runs.empty());
  pool.end_item(0, batch, 1);
  pool.end_batch(0, batch);
  REQUIRE(pool.runs.size() == 1);
  CHECK(pool.runs[0].id == batch->id);
  CHECK(pool.runs[0].items == 2);
  CHECK(pool.runs[0].failed == 1);
  CHECK(pool.runs[0].began == began);
  CHECK(pool.runs[0].ran == 20ms);
  pool.machine.terminate("of the test", pool.now);
  CHECK(items_told(pool) == 5);
}

TEST_CASE("of a batch whose child died what had ended is told as such, and the rest as lost") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  const auto batch = pool.submit(named("item"), detail::call_kind::plain, 0, 4);
  pool.claim(0, batch);
  pool.end_item(0, batch, 0);
  pool.claim(0, batch);
  pool.now += 1ms;
  pool.crash(0, batch);
  REQUIRE(pool.runs.size() == 2);
  CHECK(pool.runs[0].how == task_end::value);
  CHECK(pool.runs[0].items == 1);
  CHECK(pool.runs[0].failed == 0);
  CHECK(pool.runs[1].how == task_end::lost);
  CHECK(pool.runs[1].items == 1);
  CHECK(pool.runs[1].failed == 1);
  CHECK(pool.runs[0].began + pool.runs[0].ran <= pool.runs[1].began);
  pool.machine.terminate("of the test", pool.now);
  CHECK(items_told(pool) == 4);
}

TEST_CASE("an item that is cancelled while it runs is told beside those before it") {
  fake_pool pool(watched_rules(1));
  pool.all_ready();
  const auto batch = pool.submit(named("item"), detail::call_kind::plain, 0, 6);
  pool.claim(0, batch);
  pool.end_item(0, batch, 0);
  pool.claim(0, batch);
  pool.now += 1ms;
  pool.machine.cancel(batch, true, pool.now);
  CHECK(items_told(pool) == 6);
  std::size_t cancelled = 0;
  for (const auto& run : pool.runs)
    cancelled += run.how == task_end::cancelled ? run.items : 0;
  CHECK(cancelled == 5);
}
