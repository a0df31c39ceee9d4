// The small decisions: restarts, the lives of children, turns of queues, spinning, what is printed.
#include "base/escape.hpp"
#include "base/limits.hpp"
#include "policy/child_table.hpp"
#include "policy/dispatcher.hpp"
#include "policy/restart_intensity.hpp"
#include "policy/spin_budget.hpp"
#include "support/catch.hpp"

#include <array>
#include <optional>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::policy;
using troupe::base::escape;

namespace {

constexpr restart_intensity::clock::time_point t0{1h};
using delay = std::optional<std::chrono::milliseconds>;

// What round_robin does with `count` tasks when child i serves queue i mod `queues`.
std::vector<troupe::queue_id> turns(std::size_t processes, std::size_t queues, std::size_t count) {
  troupe::round_robin scheduler;
  for (std::size_t queue = 0; queue < queues; ++queue)
    scheduler.register_queue(queue);
  for (std::size_t process = 0; process < processes; ++process)
    scheduler.register_process(process % queues);
  std::vector<troupe::queue_id> result;
  for (std::size_t task = 1; task <= count; ++task)
    result.push_back(scheduler.schedule_task(task, {}));
  return result;
}

} // namespace

// -- restart_intensity
// ------------------------------------------------------------------------------

TEST_CASE("exactly as many deaths as the intensity are tolerated, one more is not") {
  restart_intensity policy({.intensity = 3, .period = 1000ms});
  for (int i = 0; i < 3; ++i)
    CHECK(policy.died(t0) == delay(0ms));
  CHECK(policy.died(t0) == std::nullopt);
}

TEST_CASE("with intensity 0 the first death is too many") {
  restart_intensity policy({.intensity = 0, .period = 1000ms});
  CHECK(policy.died(t0) == std::nullopt);
}

TEST_CASE("a death counts for as long as the period, and no longer") {
  restart_intensity counted({.intensity = 1, .period = 1000ms});
  CHECK(counted.died(t0));
  CHECK_FALSE(counted.died(t0 + 1000ms));
  restart_intensity forgotten({.intensity = 1, .period = 1000ms});
  CHECK(forgotten.died(t0));
  CHECK(forgotten.died(t0 + 1000ms + 1ns));
}

TEST_CASE("the period of the restart intensity slides") {
  restart_intensity policy({.intensity = 2, .period = 1000ms});
  for (int i = 0; i < 50; ++i) // two in every 1002 ms
    CHECK(policy.died(t0 + i * 501ms));
  CHECK_FALSE(policy.died(t0 + 49 * 501ms + 1ms));
}

TEST_CASE("deaths before and after readiness count together") {
  restart_intensity policy({.intensity = 2, .period = 1000ms, .start_attempts = 100});
  CHECK(policy.died(t0));
  CHECK(policy.failed_to_start(t0));
  CHECK_FALSE(policy.died(t0));
}

TEST_CASE("the successor of a child that had been ready starts at once") {
  restart_intensity policy({.backoff = 500ms});
  policy.failed_to_start(t0);
  policy.ready();
  CHECK(policy.died(t0) == delay(0ms));
}

TEST_CASE("a pool gives up after start_attempts failed starts in a row") {
  restart_intensity policy({.start_attempts = 3});
  CHECK(policy.failed_to_start(t0));
  CHECK(policy.failed_to_start(t0));
  CHECK(policy.failed_starts() == 2);
  CHECK_FALSE(policy.failed_to_start(t0));
  restart_intensity strict({.start_attempts = 1});
  CHECK_FALSE(strict.failed_to_start(t0));
}

TEST_CASE("a child that becomes ready ends the row of failed starts") {
  restart_intensity policy({.backoff = 20ms, .start_attempts = 3});
  for (int i = 0; i < 10; ++i) {
    CHECK(policy.failed_to_start(t0) == delay(20ms));
    CHECK(policy.failed_to_start(t0) == delay(40ms));
    policy.ready();
    CHECK(policy.failed_starts() == 0);
  }
}

TEST_CASE("the death of a ready child does not end the row of failed starts") {
  restart_intensity policy({.start_attempts = 2});
  CHECK(policy.failed_to_start(t0));
  CHECK(policy.died(t0));
  CHECK_FALSE(policy.failed_to_start(t0));
}

TEST_CASE("the backoff doubles with each failed start, up to its maximum") {
  restart_intensity policy({.backoff = 20ms, .start_attempts = 100});
  for (const auto expected : {20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms})
    CHECK(policy.failed_to_start(t0) == delay(expected));
  restart_intensity slow({.backoff = 5000ms, .start_attempts = 100});
  CHECK(slow.failed_to_start(t0) == delay(troupe::limits::max_backoff));
  restart_intensity eager({.backoff = 0ms, .start_attempts = 100});
  CHECK(eager.failed_to_start(t0) == delay(0ms));
  CHECK(eager.failed_to_start(t0) == delay(0ms));
}

// -- child_table
// ------------------------------------------------------------------------------------

TEST_CASE("a position has a child in a phase as long as one of its children is in it") {
  child_table table(2, 1);
  const auto seat = table.start(1);
  CHECK(table.has_child(1, {child_phase::starting}));
  CHECK_FALSE(table.has_child(0, {child_phase::starting}));
  table.ready(seat);
  CHECK_FALSE(table.has_child(1, {child_phase::starting}));
  CHECK(table.has_child(1, {child_phase::starting, child_phase::ready}));
  table.down(seat);
  CHECK_FALSE(table.has_child(1, {child_phase::ready}));
}

TEST_CASE("position i serves queue i mod queuecount") {
  child_table table(7, 3);
  for (std::size_t position = 0; position < 7; ++position) {
    CHECK(table.queue_of(position) == position % 3);
    CHECK(table[table.start(position)].queue == position % 3);
  }
}

TEST_CASE("a child goes through its phases and frees its seat") {
  child_table table(2, 1);
  const auto seat = table.start(1);
  CHECK(table[seat].phase == child_phase::starting);
  CHECK(table[seat].position == 1);
  table.ready(seat);
  CHECK(table[seat].phase == child_phase::ready);
  CHECK(table.count(child_phase::ready) == 1);
  table.retire(seat);
  CHECK(table[seat].phase == child_phase::retiring);
  table.leave(seat);
  CHECK(table[seat].phase == child_phase::leaving);
  CHECK(table.population() == 1);
  CHECK(table.present(seat));
  table.down(seat);
  CHECK_FALSE(table.present(seat));
  CHECK(table.population() == 0);
  CHECK(table.count(child_phase::ready) == 0);
}

TEST_CASE("a child can be told to leave, and can die, at any point of its life") {
  child_table table(1, 1);
  table.leave(table.start(0));
  table.down(0);
  table.down(table.start(0));
  table.ready(table.start(0));
  table.leave(0);
  table.down(0);
  CHECK(table.generations() == 3);
  CHECK(table.population() == 0);
}

TEST_CASE("a successor has its predecessor's position and queue, and a seat of its own") {
  child_table table(4, 2);
  const auto old = table.start(3);
  table.ready(old);
  table.retire(old);
  const auto successor = table.start(3);
  CHECK(successor != old);
  CHECK(table[successor].position == 3);
  CHECK(table[successor].queue == table[old].queue);
  CHECK(table.population() == 2);
  table.down(old);
  CHECK(table.present(successor));
}

TEST_CASE("a free seat is used again, by a child of a new generation") {
  child_table table(2, 1);
  const auto first = table.start(0);
  const auto second = table.start(1);
  CHECK(table[first].generation == 1);
  CHECK(table[second].generation == 2);
  table.down(first);
  CHECK(table.start(0) == first);
  CHECK(table[first].generation == 3);
  CHECK(table.seats() == 2);
  CHECK_FALSE(table.present(2));
}

TEST_CASE("the positions of spares come after those that take tasks") {
  const child_table table(2, 1, 3);
  CHECK(table.slots() == 2);
  CHECK(table.all_positions() == 5);
  CHECK_FALSE(table.is_spare(1));
  CHECK(table.is_spare(2));
}

TEST_CASE("a spare that is ready waits, and takes tasks once it has a position") {
  child_table table(4, 2, 1);
  const auto spare = table.start(4);
  CHECK_FALSE(table.waiting_spare());
  table.ready(spare);
  CHECK(table[spare].phase == child_phase::spare);
  CHECK(table.waiting_spare() == spare);
  table.promote(spare, 3);
  CHECK(table[spare].phase == child_phase::ready);
  CHECK(table[spare].position == 3);
  CHECK(table[spare].queue == table.queue_of(3));
  CHECK_FALSE(table.waiting_spare());
}

TEST_CASE("the spare that has waited longest is the next") {
  child_table table(1, 1, 2);
  table.ready(table.start(0));
  const auto first = table.start(1);
  const auto second = table.start(2);
  table.ready(second);
  CHECK(table.waiting_spare() == second);
  table.ready(first);
  CHECK(table.waiting_spare() == first);
  table.promote(first, 0);
  CHECK(table.waiting_spare() == second);
  table.down(second);
  CHECK_FALSE(table.waiting_spare());
}

TEST_CASE("a spare is the successor of a child that was started after it") {
  child_table table(1, 1, 1);
  const auto spare = table.start(1);
  table.ready(spare);
  const auto old = table.start(0);
  table.ready(old);
  table.retire(old);
  CHECK_FALSE(table.has_successor(table[old], {child_phase::ready}));
  table.promote(spare, 0);
  CHECK(table.has_successor(table[old], {child_phase::ready}));
  CHECK_FALSE(table.has_successor(table[spare], {child_phase::ready, child_phase::retiring}));
}

TEST_CASE("whether a child has a successor can be asked when another has taken its seat") {
  child_table table(2, 1);
  const auto old = table.start(0);
  table.ready(old);
  const auto was = table[old];
  table.down(old);
  CHECK(table.start(1) == old);
  CHECK_FALSE(table.has_successor(was, {child_phase::starting}));
  table.start(0);
  CHECK(table.has_successor(was, {child_phase::starting}));
}

TEST_CASE("each phase has a name") {
  CHECK(to_string(child_phase::down) == "down");
  CHECK(to_string(child_phase::starting) == "starting");
  CHECK(to_string(child_phase::spare) == "spare");
  CHECK(to_string(child_phase::ready) == "ready");
  CHECK(to_string(child_phase::retiring) == "retiring");
  CHECK(to_string(child_phase::leaving) == "leaving");
}

// -- round_robin
// ------------------------------------------------------------------------------------

TEST_CASE("round_robin: one queue of one process gets every task") {
  CHECK(turns(1, 1, 5) == std::vector<troupe::queue_id>(5, 0));
}

TEST_CASE("round_robin: two queues of one process each alternate strictly") {
  CHECK(turns(2, 2, 6) == std::vector<troupe::queue_id>{0, 1, 0, 1, 0, 1});
}

TEST_CASE("round_robin: of 12 processes over 8 queues, four queues get two tasks a round") {
  const auto chosen = turns(12, 8, 36);
  for (std::size_t round = 0; round < 3; ++round) {
    std::array<int, 8> tasks{};
    for (std::size_t i = 0; i < 12; ++i)
      ++tasks[chosen[round * 12 + i]];
    CHECK(tasks == std::array{2, 2, 2, 2, 1, 1, 1, 1});
  }
}

TEST_CASE("round_robin: without a process there is nothing to choose") {
  troupe::round_robin scheduler;
  scheduler.register_queue(0);
  CHECK_THROWS_AS(scheduler.schedule_task(1, {}), std::logic_error);
}

// -- running_average
// --------------------------------------------------------------------------------

TEST_CASE("an average is unknown until its first sample, which it takes as it is") {
  running_average average;
  CHECK_FALSE(average.known());
  average.add(800ns);
  CHECK(average.known());
  CHECK(average.value() == 800ns);
}

TEST_CASE("each further sample moves the average by an eighth of the way") {
  running_average average;
  average.add(800ns);
  average.add(1600ns);
  CHECK(average.value() == 900ns);
  average.add(100ns);
  CHECK(average.value() == 800ns);
  for (int i = 0; i < 200; ++i)
    average.add(24h);
  CHECK(average.value() > 23h);
  CHECK(average.value() <= 24h);
}

// -- spin_budget
// ------------------------------------------------------------------------------------

TEST_CASE("nobody spins unless told how long") {
  spin_budget budget;
  CHECK(budget.next() == 0ns);
}

TEST_CASE("spinning goes on for as long as it finds something now and then") {
  spin_budget budget;
  budget.set_maximum(20us);
  for (int i = 0; i < 1000; ++i) {
    CHECK(budget.next() == 20us);
    budget.found(i % 4 == 3); // three in vain, one not
  }
}

TEST_CASE("spinning pauses after four looks in vain, and then after each one") {
  spin_budget budget;
  budget.set_maximum(20us);
  for (int i = 0; i < 4; ++i) {
    CHECK(budget.next() == 20us);
    budget.found(false);
  }
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 64; ++i)
      CHECK(budget.next() == 0ns);
    CHECK(budget.next() == 20us);
    budget.found(false);
  }
}

TEST_CASE("a look that finds something restores the trust in spinning") {
  spin_budget budget;
  budget.set_maximum(20us);
  for (int i = 0; i < 4; ++i)
    budget.found(false);
  for (int i = 0; i < 64; ++i)
    budget.next();
  budget.found(true);
  for (int i = 0; i < 3; ++i) {
    budget.found(false);
    CHECK(budget.next() == 20us);
  }
}

// -- escape
// -----------------------------------------------------------------------------------------

TEST_CASE("text from another process keeps newlines and tabs, but no other control characters") {
  CHECK(escape("two\nlines\tand a tab") == "two\nlines\tand a tab");
  CHECK(escape("\x1b[31mred") == "\\x1b[31mred");
  CHECK(escape(std::string_view("\0\r\x7f", 3)) == "\\x00\\x0d\\x7f");
  for (char c = 1; c < 0x20; ++c)
    if (c != '\n' && c != '\t')
      CHECK(escape(std::string(1, c)).size() == 4);
}

TEST_CASE("the C1 controls are escaped in UTF-8") {
  CHECK(escape("\xc2\x9b"
               "31m") == "\\xc2\\x9b31m");
  CHECK(escape("\xc2\x80") == "\\xc2\\x80");
  CHECK(escape("\xc2\xc2\x9b") == "\\xc2\\xc2\\x9b");
}

TEST_CASE("other UTF-8 passes") {
  const std::string text = "r\xc3\xa9sum\xc3\xa9 \xc2\xa0\xc2\xbf \xe2\x82\xac \xf0\x9f\x8e\xad";
  CHECK(escape(text) == text);
  CHECK(escape("").empty());
}

TEST_CASE("a C1 control that is not UTF-8 is escaped") {
  CHECK(escape("\x9b"
               "31m") == "\\x9b31m");
}

TEST_CASE("a cut UTF-8 sequence is escaped and takes nothing with it") {
  CHECK(escape("\xc2\nnext") == "\\xc2\nnext");
}
