// How many children a pool has, and tasks that are meant for one of them.
#include "policy/fake_pool.hpp"

#include <troupe/errors.hpp>

using namespace std::chrono_literals;
using troupe::policy::child_phase;
using troupe::test::failed_with;
using troupe::test::fake_pool;
using troupe::test::has_value;

namespace {

/// A task that is meant for the child of one slot.
troupe::detail::task_ptr submit_to(
  fake_pool& pool, std::uint32_t slot, std::optional<troupe::task_options> options = std::nullopt) {
  troupe::detail::task_ptr task(new troupe::detail::task_state({}, {}));
  task->slot = slot;
  if (options)
    task->options = std::make_shared<const troupe::task_options>(std::move(*options));
  pool.machine.submit(task, pool.now);
  pool.settle();
  return task;
}

void resize(fake_pool& pool, std::size_t processes) {
  pool.machine.resize(processes, pool.now);
  pool.settle();
}

class counting_scheduler final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override { processes.push_back(0); }
  void register_process(troupe::queue_id queue) override { ++processes[queue]; }
  void unregister_process(troupe::queue_id queue) override { --processes[queue]; }
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info&) override { return 0; }
  std::vector<int> processes;
};

} // namespace

// -- more and fewer -------------------------------------------------------------------------------------

TEST_CASE("a pool that grows starts a child for each new slot, and gives it tasks") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto first = pool.submit();
  pool.begin(0, first);
  resize(pool, 3);
  CHECK(pool.starts == 3);
  pool.all_ready();
  const auto second = pool.submit();
  const auto third = pool.submit();
  CHECK(pool.seat_of(second) != pool.seat_of(third));
  CHECK(pool.seat_of(second) != 0u);
  CHECK(pool.seat_of(third) != 0u);
}

TEST_CASE("a waiting spare takes a new slot at once") {
  auto rules = fake_pool::rules_of(1);
  rules.children.spares = 1;
  fake_pool pool(rules);
  pool.all_ready();
  resize(pool, 2);
  REQUIRE(pool.promoted.size() == 1);
  const auto& table = pool.machine.children().children();
  CHECK(table[pool.promoted[0].first].slot == 1);
  CHECK(table[pool.promoted[0].first].phase == child_phase::ready);
  CHECK(pool.starts == 3); // and there is a new spare
}

TEST_CASE("children of slots that are gone finish what they have started, and leave") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.all_ready();
  const auto first = pool.submit();
  const auto second = pool.submit();
  const auto busy = pool.seat_of(first) == 1u ? first : second;
  REQUIRE(pool.seat_of(busy) == 1u);
  pool.begin(1, busy);
  resize(pool, 1);
  CHECK(pool.phase_of(1) == child_phase::retiring);
  CHECK(pool.drained.empty());
  pool.finish(1, busy);
  CHECK(has_value(busy));
  CHECK(pool.drained == std::vector<std::uint32_t>{1});
  pool.die(1);
  CHECK(pool.starts == 2); // nobody follows
  CHECK(pool.machine.stats().deaths == 0);
}

TEST_CASE("what a child whose slot is gone had not started goes to another one") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(1);
  const auto running = pool.submit();
  const auto waiting = pool.submit();
  REQUIRE(pool.seat_of(waiting) == 1u);
  pool.begin(1, running);
  pool.ready(0);
  resize(pool, 1);
  CHECK(pool.seat_of(running) == 1u);
  CHECK(pool.seat_of(waiting) == 0u);
}

TEST_CASE("a child that has not started when its slot goes leaves, and its slot may come again") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  resize(pool, 1);
  CHECK(pool.drained == std::vector<std::uint32_t>{1});
  resize(pool, 2);
  CHECK(pool.starts == 3);
  pool.ready(1); // too late: it has been told to leave
  CHECK(pool.phase_of(1) == child_phase::leaving);
  CHECK_FALSE(pool.machine.children().all_ready());
  pool.ready(2);
  CHECK(pool.machine.children().all_ready());
}

TEST_CASE("the scheduler knows how many processes each queue has") {
  auto rules = fake_pool::rules_of(3, 2);
  const auto scheduler = std::make_shared<counting_scheduler>();
  rules.scheduler = scheduler;
  fake_pool pool(rules);
  CHECK(scheduler->processes == std::vector<int>{2, 1});
  resize(pool, 6);
  CHECK(scheduler->processes == std::vector<int>{3, 3});
  resize(pool, 2);
  CHECK(scheduler->processes == std::vector<int>{1, 1});
}

TEST_CASE("a pool that is closing keeps its size") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit();
  pool.begin(0, task);
  pool.close();
  resize(pool, 4);
  CHECK(pool.starts == 1);
}

TEST_CASE("round_robin gives a process that was added its turn, and one that was removed none") {
  troupe::round_robin turns;
  turns.register_queue(0);
  turns.register_queue(1);
  turns.register_process(0);
  turns.register_process(1);
  turns.register_process(0);
  turns.unregister_process(0);
  std::vector<troupe::queue_id> chosen;
  for (troupe::task_id id = 1; id <= 4; ++id)
    chosen.push_back(turns.schedule_task(id, {}));
  CHECK(chosen == std::vector<troupe::queue_id>{0, 1, 0, 1});
}

// -- tasks for one slot ---------------------------------------------------------------------------------

TEST_CASE("a task for a slot goes to its child, before the tasks of the queue") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.all_ready();
  std::vector<troupe::detail::task_ptr> many;
  for (int i = 0; i < 5000; ++i)
    many.push_back(pool.submit());
  const auto meant = submit_to(pool, 1);
  CHECK_FALSE(pool.seat_of(meant)); // the child has as much as it may have
  for (const auto& each : many) {
    if (pool.seat_of(meant))
      break;
    if (pool.seat_of(each) == 1u)
      pool.finish(1, each);
  }
  CHECK(pool.seat_of(meant) == 1u);
  CHECK(pool.machine.stats().queued > 0);
}

TEST_CASE("a task for a slot waits for its child, whoever is idle") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  const auto meant = submit_to(pool, 1);
  CHECK_FALSE(pool.seat_of(meant));
  pool.ready(1);
  CHECK(pool.seat_of(meant) == 1u);
  pool.finish(1, meant);
  CHECK(has_value(meant));
}

TEST_CASE("a task for a slot that was not started goes to the successor of its child") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.all_ready();
  const auto meant = submit_to(pool, 1);
  REQUIRE(pool.seat_of(meant) == 1u);
  pool.die(1);
  REQUIRE_FALSE(pool.seat_of(meant));
  pool.all_ready();
  CHECK(pool.seat_of(meant) == 1u); // the same seat, of another child
  CHECK(pool.starts == 3);
}

TEST_CASE("a task for a slot is tried again in the same slot") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.all_ready();
  troupe::task_options options;
  options.retries.max_attempts = 2;
  options.retries.backoff = 0ms;
  const auto meant = submit_to(pool, 1, options);
  pool.finish(1, meant, true);
  pool.wait(1ms);
  CHECK(pool.seat_of(meant) == 1u);
  CHECK(pool[1].attempts[meant.get()] == 2);
}

TEST_CASE("what waits for a slot that is gone is cancelled, and so is what comes for it later") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  const auto waiting = submit_to(pool, 1);
  resize(pool, 1);
  CHECK(failed_with<troupe::task_cancelled>(waiting));
  CHECK(failed_with<troupe::task_cancelled>(submit_to(pool, 1)));
  CHECK(pool.machine.open_tasks() == 0);
}

TEST_CASE("a pool that closes runs what waits for a slot first") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.ready(0);
  const auto meant = submit_to(pool, 1);
  pool.close();
  CHECK(pool.drained.empty());
  pool.ready(1);
  pool.finish(1, meant);
  CHECK(has_value(meant));
  CHECK(pool.drained.size() == 2);
}

TEST_CASE("of what waits for a slot what is cancelled meanwhile is dropped") {
  fake_pool pool(fake_pool::rules_of(1));
  const auto dropped = submit_to(pool, 0);
  const auto kept = submit_to(pool, 0);
  pool.machine.cancel(dropped, false, pool.now);
  CHECK(failed_with<troupe::task_cancelled>(dropped));
  pool.ready(0);
  CHECK(pool.seat_of(kept) == 0u);
}

// -- what runs ------------------------------------------------------------------------------------------

TEST_CASE("the tasks that run are listed, with the longest first") {
  auto rules = fake_pool::rules_of(2);
  fake_pool pool(rules);
  pool.all_ready();
  troupe::task_options named;
  named.name = "late";
  const auto early = submit_to(pool, 1);
  const auto late = submit_to(pool, 0, named);
  const auto unstarted = submit_to(pool, 0);
  pool.begin(1, early);
  pool.wait(10ms);
  pool.begin(0, late);
  pool.wait(5ms);
  const auto running = pool.machine.running_tasks(pool.now);
  REQUIRE(running.size() == 2);
  CHECK(running[0].second.id == early->id);
  CHECK(running[0].second.age == 15ms);
  CHECK(running[0].second.slot == 1);
  CHECK(running[0].second.attempt == 1);
  CHECK(running[0].second.name.empty());
  CHECK(running[1].second.id == late->id);
  CHECK(running[1].second.age == 5ms);
  CHECK(running[1].second.name == "late");
  CHECK(running[1].first == 0);
}
