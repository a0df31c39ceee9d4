// What a pool counts by the names of tasks, and the failures that it keeps.
#include "base/limits.hpp"
#include "policy/fake_pool.hpp"
#include "support/catch.hpp"
#include "values/exception_codec.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::test;

namespace {

task_options named(std::string name) {
  task_options options;
  options.name = std::move(name);
  return options;
}

task_counts counts_of(const fake_pool& pool, const std::string& name) {
  const auto all = pool.machine.counts_by_name();
  const auto found = std::ranges::find(all, name, &task_counts::name);
  REQUIRE(found != all.end());
  return *found;
}

// The child in seat 0 says that the task threw something with that text.
void finish_with(fake_pool& pool, const detail::task_ptr& task, std::string_view what) {
  detail::bytes encoded;
  exception_report report;
  report.type = "std::runtime_error";
  report.what = what;
  detail::encode_report(encoded, report);
  auto& child = pool[0];
  policy::child_outcome came;
  came.task = child.cells.extract(child.cell_of(task)).mapped().task;
  came.kind = task->code.kind;
  came.threw = true;
  came.payload = detail::view(encoded);
  pool.machine.task_ended(0, came, pool.now);
  pool.settle();
}

class wrong_scheduler final : public scheduler {
public:
  void register_queue(queue_id) override {}
  void register_process(queue_id) override {}
  queue_id schedule_task(task_id, const task_info&) override { return 7; }
};

} // namespace

TEST_CASE("tasks are counted by their names") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto first = pool.submit(named("resize"));
  pool.submit(named("resize"));
  pool.submit(named("mail"));
  pool.finish(0, first);

  CHECK(counts_of(pool, "resize").submitted == 2);
  CHECK(counts_of(pool, "resize").succeeded == 1);
  CHECK(counts_of(pool, "resize").left() == 1);
  CHECK(counts_of(pool, "mail").submitted == 1);
  CHECK(counts_of(pool, "mail").left() == 1);
}

TEST_CASE("each task that ends counts once, however it ends") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto thrown = pool.submit(named("a"));
  const auto cancelled = pool.submit(named("a"));
  const auto lost = pool.submit(named("a"));
  pool.finish(0, thrown, true);
  pool.machine.cancel(cancelled, true, pool.now);
  pool.settle();
  pool.begin(0, lost);
  pool.crash(0, lost);

  const auto counts = counts_of(pool, "a");
  CHECK(counts.submitted == 3);
  CHECK(counts.succeeded == 0);
  CHECK(counts.failed == 2);
  CHECK(counts.cancelled == 1);
  CHECK(counts.left() == 0);
}

TEST_CASE("what is left when a pool is terminated counts as cancelled") {
  fake_pool pool(fake_pool::rules_of(1));
  for (int i = 0; i < 5; ++i)
    pool.submit(named("a"));
  pool.machine.terminate("of the test", pool.now);
  CHECK(counts_of(pool, "a").cancelled == 5);
  CHECK(counts_of(pool, "a").left() == 0);
  CHECK(pool.machine.failures(pool.now).empty());
}

TEST_CASE("names beyond the bound are counted together") {
  fake_pool pool(fake_pool::rules_of(1));
  for (std::size_t i = 0; i < limits::max_counted_names + 10; ++i)
    pool.submit(named("task " + std::to_string(i)));
  pool.submit(named("task 0"));
  const auto all = pool.machine.counts_by_name();
  REQUIRE(all.size() == limits::max_counted_names + 1);
  const auto others = std::ranges::find(all, true, &task_counts::others);
  REQUIRE(others != all.end());
  CHECK(others->submitted == 10);
  CHECK(counts_of(pool, "task 0").submitted == 2);
}

TEST_CASE("the parts of a batch count as its items, whatever becomes of them") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto batch = pool.submit(named("item"), detail::call_kind::plain, 0, 10);
  CHECK(counts_of(pool, "item").submitted == 10);
  pool.machine.cancel(batch, true, pool.now);
  CHECK(counts_of(pool, "item").submitted == 10);
  CHECK(counts_of(pool, "item").cancelled == 10);
  CHECK(counts_of(pool, "item").left() == 0);
}

TEST_CASE("the last failures are kept with their causes, the latest first") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto task = pool.submit(named("resize"));
  pool.begin(0, task);
  pool.crash(0, task);
  auto expires = named("mail");
  expires.expires = 1ms;
  pool.submit(expires);
  pool.wait(2ms);

  pool.now += 3s;
  const auto failures = pool.machine.failures(pool.now);
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].name == "mail");
  CHECK(failures[0].type == "troupe::task_expired");
  CHECK(failures[0].message == "task 2 (mail) was not started within 1 ms");
  CHECK(failures[0].age >= 3s);
  CHECK(failures[1].name == "resize");
  CHECK(failures[1].type == "troupe::child_lost");
  CHECK(failures[1].id == task->id);
  CHECK(failures[1].attempt == 1);
}

TEST_CASE("of a failure with a long text the beginning is kept, escaped") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  finish_with(pool, pool.submit(named("plain")), std::string(100'000, 'x'));
  finish_with(pool, pool.submit(named("control")), "a\x1b" + std::string(100'000, '\x01'));
  finish_with(pool, pool.submit(named("short")), "no\x1b[1m");
  const auto failures = pool.machine.failures(pool.now);
  REQUIRE(failures.size() == 3);
  CHECK(failures[0].message == "no\\x1b[1m");
  CHECK(failures[1].message.size() == limits::max_kept_failure_bytes + 3);
  CHECK(failures[1].message.starts_with("a\\x1b\\x01\\x01"));
  CHECK(failures[2].message == std::string(limits::max_kept_failure_bytes, 'x') + "...");
}

TEST_CASE("what no child says of an exception is not looked at, and counts as a failure") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  finish_with(pool, pool.submit(named("a")),
    std::string(2 * limits::max_nested_exceptions * limits::max_error_text_bytes, 'x'));
  CHECK(counts_of(pool, "a").failed == 1);
  CHECK(pool.machine.failures(pool.now).empty());
}

TEST_CASE("a task that fails where it is submitted has failed at that time") {
  auto rules = fake_pool::rules_of(1);
  rules.scheduler = std::make_shared<wrong_scheduler>();
  fake_pool pool(rules);
  pool.now += 1h;
  pool.submit(named("a"));
  const auto failures = pool.machine.failures(pool.now);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].type == "std::out_of_range");
  CHECK(failures[0].age == 0s);
}

TEST_CASE("of many failures at once some are looked at, and the last ones in peace all") {
  fake_pool pool(fake_pool::rules_of(1));
  auto expires = named("many");
  expires.expires = 1ms;
  for (int i = 0; i < 1000; ++i)
    pool.submit(expires);
  pool.wait(2ms);
  CHECK(counts_of(pool, "many").failed == 1000);
  CHECK(pool.machine.failures(pool.now).size() == limits::max_kept_failures);

  pool.wait(1s);
  expires.name = "late";
  pool.submit(expires);
  pool.wait(2ms);
  const auto failures = pool.machine.failures(pool.now);
  REQUIRE(failures.size() == limits::max_kept_failures);
  CHECK(failures[0].name == "late");
}

TEST_CASE("a child that is recycled finishes what it has started, and gives back the rest") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.all_ready();
  const auto begun = pool.submit();
  const auto holder = pool.seat_of(begun).value();
  pool.begin(holder, begun);
  pool.machine.recycle(holder, pool.now);
  pool.settle();
  const auto later = pool.submit();
  CHECK(pool[1 - holder].has(later));
  CHECK(pool[holder].has(begun));
  CHECK(pool.phase_of(holder) == policy::child_phase::retiring);
  const auto before = pool.machine.stats().deaths;
  pool.finish(holder, begun);
  pool.all_ready(); // its successor
  CHECK(pool.phase_of(holder) == policy::child_phase::leaving);
  CHECK(pool.machine.stats().deaths == before);
}

TEST_CASE("there is nothing to recycle in a slot that is not there, or has no child") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.machine.recycle(0, pool.now); // it is starting
  pool.machine.recycle(7, pool.now);
  pool.settle();
  CHECK(pool.phase_of(0) == policy::child_phase::starting);
}

TEST_CASE("children are renewed one after the other, and spares at once") {
  auto rules = fake_pool::rules_of(3);
  rules.children.spares = 1;
  fake_pool pool(rules);
  pool.all_ready();
  const auto with_phase = [&](policy::child_phase phase) {
    std::vector<std::uint32_t> seats;
    for (std::uint32_t seat = 0; seat < pool.machine.children().children().seats(); ++seat)
      if (pool.phase_of(seat) == phase)
        seats.push_back(seat);
    return seats;
  };
  const auto spare = with_phase(policy::child_phase::spare);
  REQUIRE(spare.size() == 1);
  pool.machine.renew(pool.now);
  pool.settle();
  CHECK(pool.phase_of(spare[0]) == policy::child_phase::leaving);
  CHECK(with_phase(policy::child_phase::retiring).size() == 1);
  CHECK(with_phase(policy::child_phase::ready).size() == 2);
  const auto generations = pool.machine.children().children().generations();
  CHECK(generations == 4 + 2); // a spare, and the first successor
  for (int step = 0; step < 3; ++step)
    pool.all_ready();
  CHECK(with_phase(policy::child_phase::retiring).empty());
  for (const auto seat : with_phase(policy::child_phase::ready))
    CHECK(pool.machine.children().children()[seat].generation > 4);
  CHECK(with_phase(policy::child_phase::ready).size() == 3);
  const auto last = pool.machine.children().children().generations();
  pool.settle();
  CHECK(pool.machine.children().children().generations() == last); // it has come to its end
}

TEST_CASE("a child that cannot be renewed holds up the others") {
  fake_pool pool(fake_pool::rules_of(2));
  pool.all_ready();
  pool.machine.renew(pool.now);
  pool.settle();
  CHECK(pool.phase_of(0) == policy::child_phase::retiring);
  CHECK(pool.phase_of(1) == policy::child_phase::ready);
  pool.wait(1s);
  CHECK(pool.phase_of(1) == policy::child_phase::ready);
}
