// What becomes of each task of a pool.
#include "base/limits.hpp"
#include "policy/fake_pool.hpp"

#include <troupe/errors.hpp>

#include <stdexcept>

using namespace std::chrono_literals;
using troupe::retry_options;
using troupe::task_options;
using troupe::policy::child_host;
using troupe::policy::child_phase;
using troupe::test::failed_with;
using troupe::test::fake_pool;
using troupe::test::has_value;
namespace limits = troupe::limits;
using kind = troupe::detail::call_kind;

namespace {

task_options twice() {
  task_options options;
  options.retries.max_attempts = 2;
  options.retries.backoff = 10ms;
  options.retries.jitter = 0;
  return options;
}

task_options with_timeout(std::chrono::nanoseconds timeout) {
  task_options options;
  options.timeout = timeout;
  return options;
}

class scheduler_that_throws final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override {}
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info&) override {
    throw std::logic_error("no idea");
  }
};

class scheduler_by_turns final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override {}
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id id, const troupe::task_info&) override {
    return (id - 1) % 2;
  }
};

} // namespace

// -- death ----------------------------------------------------------------------------------------------

TEST_CASE("the culprit of a death is lost, and what had not been started goes elsewhere") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  const auto culprit = pool.submit();
  const auto behind = pool.submit();
  pool.ready(1);
  pool.begin(0, culprit);
  REQUIRE(pool.seat_of(behind) == 0u);
  pool.crash(0, culprit);
  CHECK(failed_with<troupe::child_lost>(culprit));
  REQUIRE(pool.seat_of(behind) == 1u);
  CHECK(pool[1].attempts[behind.get()] == 1);
  pool.finish(1, behind);
  CHECK(has_value(behind));
}

TEST_CASE("a started task that is not idempotent is never started again after a death") {
  auto rules = fake_pool::rules_of(1);
  rules.concurrency = 4;
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit(std::nullopt, kind::coroutine);
  task_options options;
  options.idempotent = true;
  const auto idempotent = pool.submit(options, kind::coroutine);
  pool.begin(0, task);
  pool.begin(0, idempotent);
  pool.die(0);
  pool.all_ready();
  CHECK(failed_with<troupe::child_lost>(task));
  CHECK(pool.seat_of(idempotent) == 0u);
}

TEST_CASE("a result that was written before the death counts") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  pool.begin(0, task);
  pool.write(0, task);
  pool.die(0);
  CHECK(has_value(task));
}

TEST_CASE("a task whose delivery kills two children fails alone, and the others go on") {
  auto rules = fake_pool::rules_of(1);
  rules.children.restart.intensity = 2; // at first nobody knows that it was the task
  fake_pool pool(rules);
  pool.all_ready();
  const auto poison = pool.submit();
  const auto other = pool.submit();
  pool.choke(0, poison);
  CHECK_FALSE(poison->done());
  pool.all_ready();
  REQUIRE(pool.seat_of(poison) == 0u);
  CHECK_FALSE(pool.seat_of(other)); // the suspect is alone
  pool.choke(0, poison);
  REQUIRE(failed_with<troupe::child_lost>(poison));
  pool.all_ready();
  REQUIRE(pool.seat_of(other) == 0u);
  pool.finish(0, other);
  CHECK(has_value(other));
  CHECK(pool.failure == nullptr);
  // What was known of it is not believed of the next task in its place.
  const auto next = pool.submit();
  pool.choke(0, next);
  CHECK_FALSE(next->done());
}

TEST_CASE("a suspect that was taken back stays alone") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  const auto poison = pool.submit();
  pool.choke(0, poison);
  pool.ready(0);
  REQUIRE(pool.seat_of(poison) == 0u);
  const auto other = pool.submit();
  pool[0].shows = {false, true, false};
  pool.wait((limits::pulses_without_progress + 2) * limits::pulse_interval);
  REQUIRE_FALSE(pool.ended.empty());
  pool.ready(1);
  REQUIRE(pool.seat_of(poison) == 1u);
  CHECK_FALSE(pool.seat_of(other));
}

// -- closing --------------------------------------------------------------------------------------------

TEST_CASE("a retry while the pool closes gets a child when the only one has used up its budget") {
  auto rules = fake_pool::rules_of(1);
  rules.tasks_per_child = 1;
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit(twice());
  pool.close();
  pool.finish(0, task, true);
  CHECK_FALSE(task->done());
  pool.wait(10ms);
  for (std::uint32_t seat = 0; seat < pool.children.size(); ++seat)
    if (pool.children[seat] && pool.phase_of(seat) == child_phase::starting)
      pool.ready(seat);
  const auto seat = pool.seat_of(task);
  REQUIRE(seat);
  pool.finish(*seat, task);
  CHECK(has_value(task));
}

TEST_CASE("a retry while the pool closes gets a child when the only one of its queue has died") {
  auto rules = fake_pool::rules_of(2, 2);
  rules.scheduler = std::make_shared<scheduler_by_turns>();
  fake_pool pool(rules);
  pool.all_ready();
  const auto first = pool.submit(twice());
  const auto second = pool.submit(twice());
  pool.begin(0, first);
  pool.begin(1, second);
  pool.close();
  pool.finish(0, first);
  pool.crash(1, second);
  REQUIRE_FALSE(second->done());
  pool.wait(10ms);
  pool.all_ready();
  const auto seat = pool.seat_of(second);
  REQUIRE(seat);
  pool.finish(*seat, second);
  CHECK(has_value(second));
  CHECK(pool.drained.size() >= 1);
}

TEST_CASE("a pool that closes ends when its last task has ended, and refuses what comes then") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  pool.close();
  CHECK(pool.drained.empty());
  pool.finish(0, task);
  CHECK(pool.drained.size() == 1);
  CHECK(pool.machine.drained());
  const auto late = pool.submit();
  CHECK(failed_with<troupe::pool_closed>(late));
  CHECK(pool.room == 2);
}

// -- time -----------------------------------------------------------------------------------------------

TEST_CASE("a result that was written in time is no timeout, however late the parent reads it") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(with_timeout(1ms));
  pool.begin(0, task);
  pool.write(0, task);
  pool.sleep(2s);
  CHECK(has_value(task));
  CHECK(pool.machine.stats().timed_out == 0);
}

TEST_CASE("the timeout begins with the start of the task, not with its delivery") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(with_timeout(10ms));
  pool.wait(1s);
  CHECK_FALSE(task->done());
  pool.begin(0, task);
  pool.wait(9ms);
  CHECK_FALSE(task->done());
  pool.wait(1ms + limits::max_timeout_delay);
  CHECK(failed_with<troupe::task_timeout>(task));
  CHECK(pool[0].asked_to_stop.size() == 1);
}

TEST_CASE("a child that says again and again that a task has just begun, or will, does not put off "
          "its timeout") {
  const bool at_epoch = GENERATE(false, true);
  const auto ahead = GENERATE(std::chrono::nanoseconds(0), std::chrono::nanoseconds(24h));
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(with_timeout(10ms));
  for (int i = 0; i < 30 && !task->done(); ++i) {
    auto& child = pool[0];
    child.cells.at(child.cell_of(task)).started =
      at_epoch ? std::chrono::steady_clock::time_point() : pool.now + ahead;
    pool.wait(1ms);
  }
  CHECK(failed_with<troupe::task_timeout>(task));
}

TEST_CASE(
  "what a child says of the time of a task that was resolved while it ran teaches nothing") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(with_timeout(10ms));
  pool.begin(0, task);
  pool.wait(10ms + limits::max_timeout_delay);
  REQUIRE(failed_with<troupe::task_timeout>(task));
  const auto before = pool.machine.average_time();
  pool.write(0, task, false, std::chrono::nanoseconds::max());
  pool[0].read();
  pool.settle();
  CHECK(pool.machine.average_time() == before);
}

TEST_CASE("a child that says that a task began before it was sent does not make it late") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  pool.wait(1h);
  const auto task = pool.submit(with_timeout(10ms));
  auto& child = pool[0];
  child.cells.at(child.cell_of(task)).started = pool.now - 1h;
  pool.wait(9ms);
  CHECK_FALSE(task->done());
  pool.wait(1ms + limits::max_timeout_delay);
  CHECK(failed_with<troupe::task_timeout>(task));
}

TEST_CASE("what waits in its child with a short timeout does not keep the parent busy") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(with_timeout(1us));
  int alarms = 0;
  const auto end = pool.now + 1s;
  while (const auto next = pool.machine.next_alarm()) {
    if (*next > end)
      break;
    pool.now = std::max(pool.now, *next);
    pool.machine.alarm(pool.now);
    pool.settle();
    ++alarms;
  }
  CHECK(alarms < 200);
}

TEST_CASE("a task that does not stop after its timeout is ended with its child after the grace") {
  auto rules = fake_pool::rules_of(1);
  rules.cancel_grace = 50ms;
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit(with_timeout(10ms));
  pool.begin(0, task);
  pool.wait(10ms);
  REQUIRE(failed_with<troupe::task_timeout>(task));
  CHECK(pool.ended.empty());
  pool.wait(50ms);
  REQUIRE(pool.ended.size() == 1);
  CHECK(pool.ended[0].how == child_host::ending::term);
  CHECK_THAT(pool.ended[0].reason, ContainsSubstring("did not stop"));
  pool.wait(50ms);
  REQUIRE(pool.ended.size() == 2);
  CHECK(pool.ended[1].how == child_host::ending::kill);
}

TEST_CASE(
  "a task that has stopped after its timeout does not end its child, also if that is read late") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(with_timeout(10ms));
  pool.begin(0, task);
  pool.wait(10ms);
  pool.write(0, task, true);
  pool.sleep(10s);
  CHECK(pool.ended.empty());
}

TEST_CASE("a task that is not started within its expires is expired, and its place is free again") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  task_options options;
  options.expires = 5ms;
  const auto task = pool.submit(options);
  const auto started = pool.submit(options);
  pool.begin(0, started);
  pool.wait(5ms);
  CHECK(failed_with<troupe::task_expired>(task));
  CHECK_FALSE(started->done());
  CHECK(pool.machine.owed_by(0) == 1);
}

TEST_CASE("what a child says of elapsed time does not steer the pool") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  for (const auto lie :
    {std::chrono::nanoseconds(std::chrono::hours(24)), std::chrono::nanoseconds(-5s)}) {
    const auto task = pool.submit();
    pool.begin(0, task);
    pool.wait(1ms);
    pool.write(0, task, false, lie);
    pool[0].read();
    pool.settle();
    CHECK(pool.machine.average_time() >= 0ns);
    CHECK(pool.machine.average_time() <= 1ms);
  }
}

// -- children that make no progress ---------------------------------------------------------------------

namespace {

constexpr auto patience = (limits::pulses_without_progress + 2) * limits::pulse_interval;

} // namespace

TEST_CASE("a child that begins nothing is ended after the bound, and its tasks go elsewhere") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  const auto task = pool.submit();
  pool[0].shows = {false, false, false};
  pool.ready(1);
  pool.wait(limits::pulse_interval * (limits::pulses_without_progress - 1));
  CHECK(pool.ended.empty());
  pool.wait(patience);
  REQUIRE_FALSE(pool.ended.empty());
  CHECK_THAT(pool.ended[0].reason, ContainsSubstring("it has not begun any of the 1 tasks"));
  REQUIRE(pool.seat_of(task) == 1u);
  pool.finish(1, task);
  CHECK(has_value(task));
}

TEST_CASE("a child that is stopped by a signal while it has tasks is ended") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  pool.begin(0, task);
  pool[0].shows = {false, true, true};
  pool.wait(patience);
  REQUIRE_FALSE(pool.ended.empty());
  CHECK_THAT(pool.ended[0].reason, ContainsSubstring("stopped by a signal"));
}

TEST_CASE("a child that runs, is debugged, or executes a task is not taken for stuck") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  pool[0].shows = {true, false, false};
  pool.wait(10 * patience);
  CHECK(pool.ended.empty());
  pool[0].shows = {false, false, true};
  pool.begin(0, task);
  pool.submit();
  pool.wait(10 * patience);
  CHECK(pool.ended.empty());
}

TEST_CASE("a child whose loop is busy with what is no task is ended after much CPU time") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  auto& shows = pool[0].shows;
  shows = {true, false, false, 5s};
  pool.wait(10 * patience); // a CPU is not to be had
  CHECK(pool.ended.empty());
  shows.cpu += limits::busy_without_progress - 1ms;
  pool.wait(10 * patience);
  CHECK(pool.ended.empty());
  shows.cpu += 1ms;
  pool.wait(patience);
  REQUIRE_FALSE(pool.ended.empty());
  CHECK_THAT(pool.ended[0].reason, ContainsSubstring("its event loop has been busy for more than "
                                                     "10 s of CPU time"));
}

TEST_CASE("a parent that is late itself suspects no child") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  pool[0].shows = {false, true, false};
  for (int i = 0; i < 5 * limits::pulses_without_progress; ++i)
    pool.sleep(3 * limits::pulse_interval);
  CHECK(pool.ended.empty());
}

TEST_CASE("an idle child that is stopped is let be") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  pool[0].shows = {false, true, false};
  pool.wait(10 * patience);
  CHECK(pool.ended.empty());
}

// -- cancel, and what cannot be sent --------------------------------------------------------------------

TEST_CASE("an unstarted task is cancelled at once, a started one only if that is asked for") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto started = pool.submit();
  const auto waiting = pool.submit();
  pool.begin(0, started);
  pool.machine.cancel(waiting, false, pool.now);
  CHECK(failed_with<troupe::task_cancelled>(waiting));
  CHECK(pool.machine.owed_by(0) == 1);
  pool.machine.cancel(started, false, pool.now);
  CHECK_FALSE(started->done());
  pool.machine.cancel(started, true, pool.now);
  CHECK(failed_with<troupe::task_cancelled>(started));
  CHECK(pool[0].asked_to_stop.size() == 1);
}

TEST_CASE("a scheduler that throws fails that task alone") {
  auto rules = fake_pool::rules_of(1);
  rules.scheduler = std::make_shared<scheduler_that_throws>();
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit();
  CHECK(failed_with<std::logic_error>(task));
  CHECK(pool.room == 1);
  CHECK(pool.failure == nullptr);
  CHECK(pool.machine.stats().failed == 1);
}

TEST_CASE("a task that cannot be sent fails alone, and its child keeps the place for another") {
  auto rules = fake_pool::rules_of(1);
  rules.tasks_per_child = 1;
  fake_pool pool(rules);
  pool.all_ready();
  pool[0].refuses = true;
  const auto task = pool.submit();
  CHECK(failed_with<std::bad_alloc>(task));
  CHECK(pool.room == 1);
  pool[0].refuses = false;
  const auto next = pool.submit();
  REQUIRE(pool.seat_of(next) == 0u);
  pool.finish(0, next);
  CHECK(has_value(next));
}

TEST_CASE(
  "what a busy child could not give back for lack of free places is taken when there are some") {
  auto rules = fake_pool::rules_of(2);
  rules.concurrency = 2;
  fake_pool pool(rules);
  pool.ready(0);
  // Short ones first, so that much is sent ahead.
  for (int i = 0; i < 20; ++i)
    pool.finish(0, pool.submit());
  const auto slow = pool.submit();
  pool.begin(0, slow);
  std::vector<troupe::detail::task_ptr> behind;
  for (int i = 0; i < 8; ++i)
    behind.push_back(pool.submit());
  // The other child has one place, and then both.
  pool.ready(1);
  std::vector<troupe::detail::task_ptr> others{pool.submit(std::nullopt, kind::coroutine)};
  REQUIRE(pool.seat_of(others[0]) == 1u);
  pool.begin(1, others[0]);
  pool.wait(5ms);
  for (int round = 0; round < 20; ++round) {
    for (const auto& task : behind)
      if (!task->done() && pool.seat_of(task) == 1u)
        pool.finish(1, task);
    if (!others[0]->done())
      pool.finish(1, others[0]);
    pool.wait(5ms);
  }
  for (const auto& task : behind)
    CHECK(has_value(task));
  CHECK_FALSE(slow->done());
}
