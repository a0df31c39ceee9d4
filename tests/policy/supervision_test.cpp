// Who is started, promoted, retired and dismissed, and when a pool gives up.
#include "policy/fake_pool.hpp"
#include "values/exception_codec.hpp"

#include <troupe/errors.hpp>

#include <stdexcept>

using namespace std::chrono_literals;
using troupe::policy::child_host;
using troupe::policy::child_phase;
using troupe::test::failed_with;
using troupe::test::fake_pool;
using troupe::test::has_value;

namespace {

// As it comes out of a child.
std::exception_ptr thrown_by_program(std::string_view what) {
  troupe::detail::bytes encoded;
  troupe::exception_report report;
  report.type = "std::runtime_error";
  report.what = what;
  troupe::detail::encode_report(encoded, report);
  return troupe::detail::decode_exception({encoded.data(), encoded.size()});
}

} // namespace

TEST_CASE("a death with a known culprit does not count against the pool") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.intensity = 0;
  fake_pool pool(rules);
  pool.all_ready();
  for (int i = 0; i < 50; ++i) {
    const auto task = pool.submit();
    const auto seat = *pool.seat_of(task);
    pool.begin(seat, task);
    pool.crash(seat, task);
    CHECK(failed_with<troupe::child_lost>(task));
    pool.wait(1s);
    pool.all_ready();
  }
  CHECK(pool.failure == nullptr);
  CHECK(pool.machine.stats().deaths == 50);
}

TEST_CASE("a pool fails when more children die of themselves than it allows") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.intensity = 2;
  fake_pool pool(rules);
  for (int i = 0; i < 2; ++i) {
    pool.all_ready();
    pool.die(0);
    CHECK(pool.failure == nullptr);
  }
  pool.all_ready();
  const auto task = pool.submit();
  pool.die(0);
  REQUIRE(pool.failure != nullptr);
  CHECK(failed_with<troupe::pool_failed>(task));
  CHECK(pool.all_down_calls == 1);
}

TEST_CASE("a successor of a child that died of itself starts at once") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  pool.die(0);
  CHECK(pool.starts == 2);
}

TEST_CASE("failed starts in a pool that had ready children are tried again with a backoff") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.start_attempts = 1;
  rules.children.restart.intensity = 0;
  rules.children.restart.give_up_after = 30s;
  rules.children.restart.backoff = 20ms;
  fake_pool pool(rules);
  pool.all_ready();
  const auto crasher = pool.submit();
  pool.begin(0, crasher);
  pool.crash(0, crasher);
  const auto task = pool.submit();
  const auto before = pool.starts;
  pool.die(0); // before it is ready
  CHECK(pool.starts == before);
  pool.wait(20ms);
  CHECK(pool.starts == before + 1);
  pool.die(0);
  pool.wait(20ms);
  CHECK(pool.starts == before + 1); // the backoff doubles
  pool.wait(20ms);
  CHECK(pool.starts == before + 2);
  CHECK(pool.failure == nullptr);
  pool.all_ready();
  pool.finish(0, task);
  CHECK(has_value(task));
}

TEST_CASE("a pool that had ready children fails when it has had none for give_up_after") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.give_up_after = 5s;
  fake_pool pool(rules);
  pool.all_ready();
  const auto begin = pool.now;
  pool.unprepared = std::make_exception_ptr(std::runtime_error("too many open files"));
  pool.die(0);
  while (pool.failure == nullptr && pool.now < begin + 1min)
    pool.wait(100ms);
  CHECK(pool.failure != nullptr);
  CHECK(pool.now - begin >= 5s);
}

TEST_CASE(
  "a pool whose children have all served, and have no successors, fails after give_up_after") {
  auto rules = fake_pool::rules_of(1);
  rules.tasks_per_child = 1;
  rules.children.restart.give_up_after = 5s;
  fake_pool pool(rules);
  pool.all_ready();
  const auto begin = pool.now;
  pool.unprepared = std::make_exception_ptr(std::runtime_error("too many open files"));
  pool.finish(0, pool.submit());
  const auto waiting = pool.submit();
  while (pool.failure == nullptr && pool.now < begin + 1min)
    pool.wait(100ms);
  CHECK(pool.failure != nullptr);
  CHECK(pool.now - begin >= 5s);
  CHECK(failed_with<troupe::pool_failed>(waiting));
}

TEST_CASE("a pool degrades, and does not fail, while some of its children cannot be started") {
  auto rules = fake_pool::rules_of(2);
  rules.children.restart.give_up_after = 1s;
  fake_pool pool(rules);
  pool.all_ready();
  pool.unprepared = std::make_exception_ptr(std::runtime_error("too many open files"));
  pool.die(1);
  pool.wait(1min);
  CHECK(pool.failure == nullptr);
  const auto task = pool.submit();
  pool.finish(0, task);
  CHECK(has_value(task));
  pool.unprepared = nullptr;
  pool.wait(1s);
  CHECK(pool.phase_of(1) == child_phase::starting);
}

TEST_CASE("a pool that never had a ready child fails after start_attempts") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.start_attempts = 3;
  fake_pool pool(rules);
  for (int i = 0; i < 2; ++i) {
    pool.die(0);
    CHECK(pool.failure == nullptr);
    pool.wait(1s);
  }
  pool.die(0);
  CHECK(pool.failure != nullptr);
}

TEST_CASE("a child that could not be prepared is tried again also without a backoff") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.backoff = 0ms;
  fake_pool pool(rules);
  pool.unprepared = std::make_exception_ptr(std::runtime_error("too many open files"));
  pool.die(0);
  pool.unprepared = nullptr;
  pool.wait(1s);
  CHECK(pool.phase_of(0) == child_phase::starting);
}

TEST_CASE("the start timeout begins with the launch") {
  auto rules = fake_pool::rules_of(1);
  rules.children.start_timeout = 100ms;
  fake_pool pool(rules);
  pool.wait(10s); // it waits for its turn
  CHECK(pool.ended.empty());
  pool.launch(0);
  pool.wait(99ms);
  CHECK(pool.ended.empty());
  pool.wait(1ms);
  REQUIRE(pool.ended.size() == 1);
  CHECK(pool.ended[0].how == child_host::ending::kill);
  CHECK_THAT(pool.ended[0].reason, ContainsSubstring("start timeout of 100 ms"));
}

TEST_CASE(
  "a child that wrote in time that it is ready is not ended when the parent reads that late") {
  auto rules = fake_pool::rules_of(1);
  rules.children.start_timeout = 100ms;
  fake_pool pool(rules);
  pool.launch(0);
  pool[0].written.push_back([&] { pool.machine.child_ready(0, pool.now); });
  pool.sleep(10s);
  CHECK(pool.ended.empty());
  CHECK(pool.phase_of(0) == child_phase::ready);
}

TEST_CASE("a child is not ended for a late start before it can be read what it has said") {
  auto rules = fake_pool::rules_of(1);
  rules.children.start_timeout = 100ms;
  fake_pool pool(rules);
  pool[0].is_launched = false;
  pool.launch(0);
  pool.sleep(10s);
  CHECK(pool.ended.empty());
  SECTION("it was ready in time") {
    pool[0].written.push_back([&] { pool.machine.child_ready(0, pool.now); });
    pool.launched(0);
    CHECK(pool.ended.empty());
    CHECK(pool.phase_of(0) == child_phase::ready);
  }
  SECTION("it was not") {
    pool.launched(0);
    REQUIRE(pool.ended.size() == 1);
    CHECK_THAT(pool.ended[0].reason, ContainsSubstring("start timeout of 100 ms"));
  }
}

TEST_CASE(
  "a child that has got its last task has a successor at once, and leaves when that is ready") {
  auto rules = fake_pool::rules_of(1);
  rules.tasks_per_child = 1;
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit();
  CHECK(pool.starts == 2);
  pool.finish(0, task);
  CHECK(pool.drained.empty());
  pool.ready(1);
  CHECK(pool.drained == std::vector<std::uint32_t>{0});
}

TEST_CASE("a child that does not leave in time is killed") {
  auto rules = fake_pool::rules_of(1);
  rules.children.shutdown_timeout = 300ms;
  fake_pool pool(rules);
  pool.all_ready();
  pool.close();
  REQUIRE(pool.drained.size() == 1);
  pool.wait(299ms);
  CHECK(pool.ended.empty());
  pool.wait(1ms);
  REQUIRE(pool.ended.size() == 1);
  CHECK(pool.ended[0].how == child_host::ending::kill);
  pool.die(0);
  CHECK(pool.all_down_calls == 1);
}

TEST_CASE("a spare takes the position of a dead child, and is replaced in the same turn") {
  auto rules = fake_pool::rules_of(1);
  rules.children.spares = 1;
  fake_pool pool(rules);
  pool.all_ready();
  const auto before = pool.starts;
  pool.die(0);
  CHECK(pool.promoted == std::vector<std::pair<std::uint32_t, std::size_t>>{{1, 0}});
  CHECK(pool.starts == before + 1);
}

TEST_CASE("what an initializer throws in the first spares fails the pool, whoever is ready first") {
  auto rules = fake_pool::rules_of(1);
  rules.children.spares = 1;
  const auto thrown = thrown_by_program("no room for a spare");
  SECTION("in a spare, after the first child was ready") {
    fake_pool pool(rules);
    pool.ready(0);
    pool.die(1, thrown);
    CHECK(pool.failure != nullptr);
  }
  SECTION("in a pool whose spares have worked, it is tried again") {
    fake_pool pool(rules);
    pool.all_ready();
    pool.die(1);
    pool.die(1, thrown); // its successor
    CHECK(pool.failure == nullptr);
  }
}

TEST_CASE("the death of a retired child does not shorten its successor's backoff") {
  auto rules = fake_pool::rules_of(1);
  rules.tasks_per_child = 1;
  rules.children.restart.backoff = 20ms;
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit();
  REQUIRE(pool.starts == 2);
  pool.die(1); // the successor, before it was ready
  pool.die(0);
  CHECK(pool.starts == 2);
  pool.wait(20ms);
  CHECK(pool.starts == 3);
}

TEST_CASE("terminate ends all children and starts none, and its end is reported once") {
  fake_pool pool(fake_pool::rules_of(3));
  pool.all_ready();
  const auto task = pool.submit();
  pool.machine.terminate("its pool was terminated", pool.now);
  pool.settle();
  CHECK(failed_with<troupe::task_cancelled>(task));
  CHECK(pool.ended.size() == 3);
  CHECK(pool.all_down_calls == 0);
  for (std::uint32_t seat = 0; seat < 3; ++seat)
    pool.die(seat);
  CHECK(pool.starts == 3);
  CHECK(pool.all_down_calls == 1);
  CHECK(pool.machine.stats().deaths == 0);
}
