#include "base/limits.hpp"
#include "policy/dispatcher.hpp"
#include "policy/task_order.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <set>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::policy;
using kind = dispatcher::kind;

namespace {

constexpr dispatcher::clock::time_point t0{1h};
constexpr auto unlimited = dispatcher::unlimited;
constexpr auto patience = troupe::limits::take_back_after;

bool all_open(task_key) {
  return true;
}

task_key key(std::uint64_t id) {
  return {static_cast<std::uint32_t>(id), id};
}

void enqueue(dispatcher& d, std::uint64_t first, std::uint64_t last, kind k = kind::plain,
  troupe::queue_id queue = 0) {
  for (auto id = first; id <= last; ++id)
    d.enqueue(key(id), k, queue);
}

std::vector<dispatcher::assignment> assign(dispatcher& d, std::size_t at_most = unlimited) {
  std::vector<dispatcher::assignment> result;
  while (result.size() < at_most)
    if (const auto next = d.next_assignment(all_open))
      result.push_back(*next);
    else
      break;
  return result;
}

std::vector<std::uint64_t> ids(const std::vector<dispatcher::assignment>& assignments) {
  std::vector<std::uint64_t> result;
  for (const auto& each : assignments)
    result.push_back(each.task.id);
  return result;
}

std::vector<std::uint32_t> seats(const std::vector<dispatcher::assignment>& assignments) {
  std::vector<std::uint32_t> result;
  for (const auto& each : assignments)
    result.push_back(each.seat);
  return result;
}

using id_list = std::vector<std::uint64_t>;
using seat_list = std::vector<std::uint32_t>;

// How many tasks of a kind one child gets, when the last one of that kind took `length`.
std::size_t credit(
  kind k, std::size_t concurrency, std::optional<std::chrono::nanoseconds> length) {
  dispatcher d(1, concurrency);
  d.add_child(0, 0, unlimited, t0);
  if (length) {
    d.enqueue(key(1), k, 0);
    assign(d);
    d.ended(0, k, *length, t0);
  }
  enqueue(d, 2, 20'000, k);
  return assign(d).size();
}

} // namespace

// -- order and choice
// -------------------------------------------------------------------------------

TEST_CASE("without a child nothing is assigned") {
  dispatcher d(1, 1);
  enqueue(d, 1, 3);
  CHECK(assign(d).empty());
  CHECK(d.depth(0) == 3);
}

TEST_CASE("within a queue tasks are sent in order, with their kind") {
  dispatcher d(1, 2);
  d.add_child(0, 0, unlimited, t0);
  d.enqueue(key(1), kind::coroutine, 0);
  d.enqueue(key(2), kind::plain, 0);
  d.enqueue(key(3), kind::blocking, 0);
  const auto sent = assign(d);
  CHECK(ids(sent) == id_list{1, 2, 3});
  CHECK(sent[0].task_kind == kind::coroutine);
  CHECK(sent[1].task_kind == kind::plain);
  CHECK(sent[2].task_kind == kind::blocking);
  CHECK(d.depth(0) == 0);
}

TEST_CASE("the child that owes least gets the next task") {
  dispatcher d(1, 4);
  for (std::uint32_t seat = 0; seat < 3; ++seat)
    d.add_child(seat, 0, unlimited, t0);
  enqueue(d, 1, 6, kind::coroutine);
  CHECK(seats(assign(d)) == seat_list{0, 1, 2, 0, 1, 2});
  d.ended(1, kind::coroutine, 1s, t0);
  d.ended(1, kind::coroutine, 1s, t0);
  d.ended(2, kind::coroutine, 1s, t0);
  enqueue(d, 7, 10, kind::coroutine);
  CHECK(seats(assign(d)) == seat_list{1, 1, 2, 0});
  CHECK(d.owed_by(0) == 3);
  CHECK(d.owed_by(1) == 2);
}

TEST_CASE("tasks put back stand before all others, the last one first") {
  dispatcher d(1, 8);
  enqueue(d, 10, 11);
  d.enqueue_front(key(2), kind::plain, 0);
  d.enqueue_front(key(1), kind::plain, 0);
  d.add_child(0, 0, unlimited, t0);
  id_list order;
  while (order.size() < 4) {
    for (const auto& next : assign(d)) {
      order.push_back(next.task.id);
      d.ended(0, kind::plain, 1s, t0);
    }
  }
  CHECK(order == id_list{1, 2, 10, 11});
}

TEST_CASE("tasks that were closed while they waited are dropped, and charged to nobody") {
  dispatcher d(1, 8);
  d.add_child(0, 0, 2, t0);
  enqueue(d, 1, 6);
  const std::set<std::uint64_t> closed{1, 2, 4};
  const auto is_open = [&](task_key k) { return !closed.contains(k.id); };
  CHECK(d.next_assignment(is_open)->task.id == 3);
  CHECK(d.next_assignment(is_open)->task.id == 5);
  CHECK(d.next_assignment(is_open) == std::nullopt);
  CHECK(d.depth(0) == 1);
  CHECK(d.owed_by(0) == 2);
}

TEST_CASE("closed tasks are dropped also while no child has credit") {
  dispatcher d(1, 8);
  enqueue(d, 1, 3);
  CHECK(d.next_assignment([](task_key) { return false; }) == std::nullopt);
  CHECK(d.depth(0) == 0);
}

// -- queues
// -----------------------------------------------------------------------------------------

TEST_CASE("a queue is served by its own children only") {
  dispatcher d(2, 8);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 1, unlimited, t0);
  enqueue(d, 1, 5, kind::coroutine, 1);
  CHECK(seats(assign(d)) == seat_list(5, 1));
  enqueue(d, 6, 7, kind::coroutine, 0);
  CHECK(seats(assign(d)) == seat_list(2, 0));
}

TEST_CASE("queues take turns, and one without credit holds up no other") {
  dispatcher d(3, 8);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(2, 2, unlimited, t0);
  for (troupe::queue_id queue = 0; queue < 3; ++queue)
    enqueue(d, 10 * queue + 1, 10 * queue + 3, kind::coroutine, queue);
  CHECK(seats(assign(d)) == seat_list{0, 2, 0, 2, 0, 2});
  CHECK(d.depth(1) == 3);
}

// -- credit
// -----------------------------------------------------------------------------------------

TEST_CASE("a child gets one plain task to run and one more, as long as no time is known") {
  CHECK(credit(kind::plain, 16, std::nullopt) == 2);
}

TEST_CASE("a child gets one long plain task to run and one more") {
  CHECK(credit(kind::plain, 16, 1h) == 2);
  CHECK(credit(kind::plain, 16, 201us) == 2);
  CHECK(credit(kind::plain, 16, troupe::limits::prefetch_time) == 2);
  CHECK(credit(kind::plain, 16, 199us) == 3);
}

TEST_CASE("a child gets as many short plain tasks as keep it busy for the prefetch time") {
  CHECK(credit(kind::plain, 16, 100us) == 1 + 2);
  CHECK(credit(kind::plain, 16, 1us) == 1 + 200);
}

TEST_CASE("however short tasks are, the prefetch is bounded") {
  CHECK(credit(kind::plain, 16, 10ns) == 1 + troupe::limits::max_prefetch);
  CHECK(credit(kind::plain, 16, 0ns) == 1 + troupe::limits::max_prefetch);
  CHECK(credit(kind::coroutine, 16, 0ns) == 16 + troupe::limits::max_prefetch);
}

TEST_CASE("a child gets coroutines and blocking functions up to its concurrency and a prefetch") {
  for (const auto k : {kind::coroutine, kind::blocking}) {
    CHECK(credit(k, 4, std::nullopt) == 4 + 1);
    CHECK(credit(k, 4, 1s) == 4 + 1);
    CHECK(credit(k, 4, 100us) == 4 + 8);
    CHECK(credit(k, 1, 1us) == 1 + 200);
  }
}

TEST_CASE("the credit follows the running average") {
  dispatcher d(1, 1);
  d.add_child(0, 0, unlimited, t0);
  std::uint64_t id = 0;
  const auto run = [&](std::chrono::nanoseconds length) {
    d.enqueue(key(++id), kind::plain, 0);
    REQUIRE(assign(d).size() == 1);
    d.ended(0, kind::plain, length, t0);
  };
  run(1us);
  for (int i = 0; i < 100; ++i)
    run(10ms);
  enqueue(d, 1000, 2000);
  CHECK(assign(d).size() == 2);
}

TEST_CASE("a child that is full of coroutines gets no plain function") {
  dispatcher d(1, 2);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 3, kind::coroutine);
  CHECK(assign(d).size() == 3);
  d.enqueue(key(4), kind::plain, 0);
  CHECK(assign(d).empty());
  d.ended(0, kind::coroutine, 1s, t0);
  CHECK(assign(d).size() == 1);
}

// -- the life of children
// ---------------------------------------------------------------------------

TEST_CASE("a child is given exactly its budget of tasks in its life") {
  dispatcher d(1, 16);
  d.add_child(0, 0, 3, t0);
  enqueue(d, 1, 10);
  CHECK(d.budget_of(0) == 3);
  std::size_t run = 0;
  for (auto sent = assign(d); !sent.empty(); sent = assign(d))
    for (std::size_t i = 0; i < sent.size(); ++i, ++run)
      d.ended(0, kind::plain, 1ns, t0);
  CHECK(run == 3);
  CHECK(d.budget_of(0) == 0);
  CHECK(d.depth(0) == 7);
}

TEST_CASE("a task that is taken back does not count against the budget") {
  dispatcher d(1, 16);
  d.add_child(0, 0, 3, t0);
  enqueue(d, 1, 2);
  CHECK(assign(d).size() == 2);
  d.taken_back(0, kind::plain);
  CHECK(d.owed_by(0) == 1);
  CHECK(d.budget_of(0) == 2);
}

TEST_CASE("a budget that was used up stays so, whatever is taken back") {
  dispatcher d(1, 16);
  d.add_child(0, 0, 2, t0);
  enqueue(d, 1, 2);
  CHECK(assign(d).size() == 2);
  d.taken_back(0, kind::plain);
  CHECK(d.owed_by(0) == 1);
  CHECK(d.budget_of(0) == 0);
}

TEST_CASE("without a maximum the budget does not shrink") {
  dispatcher d(1, 16);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 2);
  assign(d);
  d.taken_back(0, kind::plain);
  d.ended(0, kind::plain, 1s, t0);
  CHECK(d.budget_of(0) == unlimited);
}

TEST_CASE("a removed child gets nothing, and its seat starts afresh") {
  dispatcher d(1, 16);
  d.add_child(0, 0, 5, t0);
  d.add_child(1, 0, unlimited, t0);
  enqueue(d, 1, 4);
  CHECK(assign(d).size() == 4);
  d.remove_child(0);
  d.remove_child(0);
  d.remove_child(9);
  CHECK(d.owed_by(0) == 0);
  CHECK(d.budget_of(0) == 0);
  enqueue(d, 5, 6);
  CHECK(assign(d).empty());
  d.add_child(0, 0, unlimited, t0);
  CHECK(seats(assign(d)) == seat_list{0, 0});
}

// -- take-back
// --------------------------------------------------------------------------------------

namespace {

// Child 0 has two tasks, of which one runs; child 1 has just become idle. The queue is empty.
dispatcher one_holds_what_another_could_run() {
  dispatcher d(1, 16);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 2);
  CHECK(assign(d).size() == 2);
  d.add_child(1, 0, unlimited, t0);
  return d;
}

} // namespace

TEST_CASE("an idle child takes from one that has made no progress for a while") {
  auto d = one_holds_what_another_could_run();
  CHECK(d.unbalanced());
  CHECK_FALSE(d.next_take_back(t0 + patience - 1ns));
  const auto take = d.next_take_back(t0 + patience);
  REQUIRE(take);
  CHECK(take->from == 0);
  CHECK(take->at_most == 1);
  d.taken_back(0, kind::plain);
  d.enqueue_front(key(2), kind::plain, 0);
  CHECK(seats(assign(d)) == seat_list{1});
  CHECK_FALSE(d.unbalanced());
}

TEST_CASE("a child that makes progress keeps what it has") {
  auto d = one_holds_what_another_could_run();
  enqueue(d, 3, 4);
  CHECK(seats(assign(d)) == seat_list{1, 1});
  d.ended(1, kind::plain, 1s, t0);
  d.ended(1, kind::plain, 1s, t0);
  d.ended(0, kind::plain, 1s, t0 + 1s);
  enqueue(d, 5, 5);
  CHECK(seats(assign(d)) == seat_list{1});
  d.ended(1, kind::plain, 1s, t0 + 1s);
  enqueue(d, 6, 7, kind::coroutine); // something for child 0 to owe beyond what it runs
  CHECK(seats(assign(d)) == seat_list{1, 0});
  d.ended(1, kind::coroutine, 1s, t0 + 1s);
  CHECK(d.unbalanced());
  CHECK_FALSE(d.next_take_back(t0 + 1s + patience - 1ns));
  CHECK(d.next_take_back(t0 + 1s + patience));
}

TEST_CASE("nothing is taken back while tasks wait in the queue") {
  auto d = one_holds_what_another_could_run();
  enqueue(d, 3, 3);
  CHECK_FALSE(d.unbalanced());
  CHECK_FALSE(d.next_take_back(t0 + 1h));
}

TEST_CASE("nothing is taken back unless another child of the same queue is idle") {
  dispatcher d(2, 16);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 1, unlimited, t0); // idle, but of another queue
  d.add_child(2, 0, unlimited, t0);
  enqueue(d, 1, 3);
  CHECK(seats(assign(d)) == seat_list{0, 2, 0});
  CHECK_FALSE(d.unbalanced());
  CHECK_FALSE(d.next_take_back(t0 + 1h));
  d.ended(2, kind::plain, 1s, t0);
  CHECK(d.next_take_back(t0 + 1h)->from == 0);
}

TEST_CASE("nothing is taken back for an idle child that may be given no more tasks") {
  dispatcher d(1, 16);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 0, 1, t0);
  enqueue(d, 1, 3);
  CHECK(seats(assign(d)) == seat_list{0, 1, 0});
  d.ended(1, kind::plain, 1s, t0);
  CHECK_FALSE(d.unbalanced());
  CHECK_FALSE(d.next_take_back(t0 + 1h));
}

TEST_CASE("what a child runs is not taken from it") {
  dispatcher plain(1, 16);
  plain.add_child(0, 0, unlimited, t0);
  enqueue(plain, 1, 1);
  assign(plain);
  plain.add_child(1, 0, unlimited, t0);
  CHECK_FALSE(plain.unbalanced());
  CHECK_FALSE(plain.next_take_back(t0 + 1h));

  dispatcher concurrent(1, 4);
  concurrent.add_child(0, 0, unlimited, t0);
  enqueue(concurrent, 1, 4, kind::coroutine);
  assign(concurrent);
  concurrent.add_child(1, 0, unlimited, t0);
  CHECK_FALSE(concurrent.unbalanced());
  enqueue(concurrent, 5, 9, kind::coroutine);
  CHECK(seats(assign(concurrent)) == seat_list{1, 1, 1, 1, 0});
  for (int i = 0; i < 4; ++i)
    concurrent.ended(1, kind::coroutine, 1s, t0);
  CHECK(concurrent.next_take_back(t0 + 1h)->at_most == 1);
}

TEST_CASE("a child with free places takes what waits in another one whose places are all taken") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 5, kind::coroutine);
  CHECK(seats(assign(d)) == seat_list{0, 0, 0, 0, 0}); // the fifth lies there
  d.add_child(1, 0, unlimited, t0);
  enqueue(d, 6, 8, kind::coroutine);
  CHECK(seats(assign(d)) == seat_list{1, 1, 1});
  CHECK(d.unbalanced());
  const auto take = d.next_take_back(t0 + patience);
  REQUIRE(take);
  CHECK(take->from == 0);
  CHECK(take->at_most == 1);
  d.taken_back(0, kind::coroutine);
  d.enqueue_front(key(5), kind::coroutine, 0);
  CHECK(seats(assign(d)) == seat_list{1});
  CHECK_FALSE(d.unbalanced());
}

TEST_CASE("a plain function holds everything behind it, so all of that can be taken back") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  d.enqueue(key(1), kind::plain, 0);
  enqueue(d, 2, 4, kind::coroutine);
  CHECK(assign(d).size() == 4);
  d.add_child(1, 0, unlimited, t0);
  CHECK(d.next_take_back(t0 + 1h)->at_most == 3);
}

TEST_CASE("a stuck child from which nothing could be taken does not keep others from being asked") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  d.enqueue(key(1), kind::coroutine, 0);
  d.enqueue(key(2), kind::plain, 0);
  CHECK(seats(assign(d)) == seat_list{0, 0}); // both have started, which the dispatcher cannot see
  d.add_child(1, 0, unlimited, t0);
  enqueue(d, 3, 4);
  CHECK(seats(assign(d)) == seat_list{1, 1});
  d.add_child(2, 0, unlimited, t0);
  CHECK(d.unbalanced());
  CHECK(d.next_take_back(t0 + 1h)->from == 0); // and the pool finds nothing to take
  CHECK(d.unbalanced());
  const auto take = d.next_take_back(t0 + 1h);
  REQUIRE(take);
  CHECK(take->from == 1);
  CHECK(take->at_most == 1);
  d.taken_back(1, kind::plain);
  d.enqueue_front(key(4), kind::plain, 0);
  CHECK(seats(assign(d)) == seat_list{2});
  CHECK_FALSE(d.unbalanced());
}

TEST_CASE("tasks that were taken back do not go to the stuck child again") {
  dispatcher d(1, 16);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 1);
  assign(d);
  d.ended(0, kind::plain, 1us, t0); // short, so the child is given many
  enqueue(d, 2, 202);
  const auto held = assign(d);
  REQUIRE(held.size() > 2);
  d.add_child(1, 0, unlimited, t0);
  while (const auto next = d.next_assignment(all_open)) // the rest, to the idle child
    d.ended(next->seat, kind::plain, 1us, t0);
  const auto take = d.next_take_back(t0 + patience);
  REQUIRE(take);
  CHECK(take->from == 0);
  CHECK(take->at_most == held.size() - 1);
  for (std::size_t i = held.size() - 1; i > 0; --i) {
    d.taken_back(0, kind::plain);
    d.enqueue_front(held[i].task, kind::plain, 0);
  }
  std::size_t moved = 0;
  while (const auto next = d.next_assignment(all_open)) {
    CHECK(next->seat == 1);
    d.ended(1, kind::plain, 1us, t0 + patience);
    ++moved;
  }
  CHECK(moved == held.size() - 1);
}

TEST_CASE(
  "a child that was late with functions beside a long coroutine rests, ever longer until it "
  "finishes one") {
  constexpr auto rest = troupe::limits::first_rest;
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  d.enqueue(key(1), kind::coroutine, 0);
  CHECK(seats(assign(d)) == seat_list{0});
  CHECK_FALSE(d.next_end_of_rest());
  d.add_child(1, 0, unlimited, t0);
  auto now = t0;
  const auto be_late = [&] {
    REQUIRE(d.give(0, kind::plain));
    now += patience;
    CHECK(d.next_take_back(now)->from == 0);
    d.taken_back(0, kind::plain);
    CHECK_FALSE(d.give(0, kind::plain));
  };
  for (const auto length : {rest, 2 * rest, 4 * rest}) {
    be_late();
    CHECK(d.next_end_of_rest() == now + length);
    d.end_rests(now + length - 1us);
    CHECK_FALSE(d.give(0, kind::plain));
    now += length;
    d.end_rests(now);
    CHECK_FALSE(d.next_end_of_rest());
  }
  for (int turn = 0; turn < 20; ++turn) {
    be_late();
    now = *d.next_end_of_rest();
    d.end_rests(now);
  }
  be_late();
  CHECK(d.next_end_of_rest() == now + troupe::limits::longest_rest);
  d.end_rests(now + 1h);
  REQUIRE(d.give(0, kind::plain));
  CHECK_FALSE(d.next_take_back(now + 1h)); // it has some time to start it
  d.ended(0, kind::plain, 1us, now + 1h);
  now += 1h;
  be_late();
  CHECK(d.next_end_of_rest() == now + rest);
}

TEST_CASE(
  "a child that a function or a full house keeps from starting others does not rest: it gets "
  "more when something ends") {
  dispatcher d(1, 2);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 2);
  CHECK(assign(d).size() == 2);
  d.add_child(1, 0, unlimited, t0);
  CHECK(d.next_take_back(t0 + patience));
  d.taken_back(0, kind::plain);
  CHECK_FALSE(d.next_end_of_rest());
  dispatcher full(1, 2);
  full.add_child(0, 0, unlimited, t0);
  enqueue(full, 1, 3, kind::coroutine);
  CHECK(assign(full).size() == 3);
  full.add_child(1, 0, unlimited, t0);
  CHECK(full.next_take_back(t0 + patience));
  full.taken_back(0, kind::coroutine);
  CHECK_FALSE(full.next_end_of_rest());
}

// -- order ----------------------------------------------------------------------------------------------

namespace {

void enqueue_with(dispatcher& d, std::uint64_t id, std::chrono::milliseconds when, int priority,
  troupe::queue_id queue = 0) {
  d.enqueue({key(id), kind::plain, task_order(when, priority)}, queue);
}

// The order in which one child gets all that waits.
id_list sending_order(dispatcher& d) {
  id_list result;
  d.add_child(0, 0, unlimited, t0);
  while (const auto next = d.next_assignment(all_open)) {
    result.push_back(next->task.id);
    d.ended(0, kind::plain, 1s, t0);
  }
  return result;
}

} // namespace

TEST_CASE("a task of a higher priority is sent before others that came a little earlier") {
  dispatcher d(1, 4);
  enqueue_with(d, 1, 0ms, 0);
  enqueue_with(d, 2, 1ms, 1);
  enqueue_with(d, 3, 2ms, 0);
  enqueue_with(d, 4, 3ms, 2);
  enqueue_with(d, 5, 4ms, -1);
  CHECK(d.depth(0) == 5);
  CHECK(sending_order(d) == id_list{4, 2, 1, 3, 5});
}

TEST_CASE("a task that has waited long enough is sent before newer ones of a higher priority") {
  dispatcher d(1, 4);
  enqueue_with(d, 1, 0ms, 0);
  enqueue_with(d, 2, 99ms, 1);
  enqueue_with(d, 3, 101ms, 1);
  CHECK(sending_order(d) == id_list{2, 1, 3});
}

TEST_CASE("tasks of one priority are sent in the order of their submission") {
  dispatcher d(1, 4);
  for (std::uint64_t id = 1; id <= 6; ++id)
    enqueue_with(d, id, 0ms, id % 2 == 0 ? 5 : 0);
  CHECK(sending_order(d) == id_list{2, 4, 6, 1, 3, 5});
}

TEST_CASE("a task that was in a child before is sent first, whatever its priority") {
  dispatcher d(1, 4);
  enqueue_with(d, 1, 0ms, 1000);
  d.enqueue_front(key(2), kind::plain, 0);
  CHECK(sending_order(d) == id_list{2, 1});
}

TEST_CASE("closed tasks are dropped wherever they wait") {
  dispatcher d(1, 4);
  enqueue_with(d, 1, 0ms, 0);
  enqueue_with(d, 2, 0ms, 5);
  d.enqueue_front(key(3), kind::plain, 0);
  d.enqueue_alone(key(4), kind::plain, 0);
  d.add_child(0, 0, unlimited, t0);
  CHECK_FALSE(d.next_assignment([](task_key) { return false; }));
  CHECK(d.depth(0) == 0);
}

// -- alone ----------------------------------------------------------------------------------------------

TEST_CASE("a task that is to run alone gets an idle child, which gets nothing else meanwhile") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  d.enqueue_alone(key(1), kind::coroutine, 0);
  enqueue(d, 2, 3, kind::coroutine);
  CHECK(ids(assign(d)) == id_list{1});
  d.ended(0, kind::coroutine, 1s, t0);
  CHECK(ids(assign(d)) == id_list{2, 3});
}

TEST_CASE("a task that is to run alone keeps a busy child from new tasks until it is idle") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 2, kind::coroutine);
  CHECK(ids(assign(d)) == id_list{1, 2});
  d.enqueue_alone(key(3), kind::coroutine, 0);
  enqueue(d, 4, 4, kind::coroutine);
  CHECK(assign(d).empty());
  d.ended(0, kind::coroutine, 1s, t0);
  CHECK(assign(d).empty());
  d.ended(0, kind::coroutine, 1s, t0);
  CHECK(ids(assign(d)) == id_list{3});
  d.ended(0, kind::coroutine, 1s, t0);
  CHECK(ids(assign(d)) == id_list{4});
}

TEST_CASE("while a task waits to run alone, other children go on") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 0, unlimited, t0);
  enqueue(d, 1, 2, kind::coroutine);
  CHECK(seats(assign(d)) == seat_list{0, 1});
  d.enqueue_alone(key(3), kind::coroutine, 0);
  enqueue(d, 4, 5, kind::coroutine);
  CHECK(seats(assign(d)) == seat_list{1, 1});
  d.ended(0, kind::coroutine, 1s, t0);
  const auto next = assign(d);
  CHECK(ids(next) == id_list{3});
  CHECK(seats(next) == seat_list{0});
}

TEST_CASE("a child that is kept free and dies is forgotten, and another one is chosen") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 1, kind::coroutine);
  assign(d);
  d.enqueue_alone(key(2), kind::coroutine, 0);
  CHECK(assign(d).empty());
  d.remove_child(0);
  d.add_child(0, 0, unlimited, t0);
  CHECK(ids(assign(d)) == id_list{2});
}

// -- tasks that may move --------------------------------------------------------------------------------------

namespace {

void enqueue_movable(
  dispatcher& d, std::uint64_t first, std::uint64_t last, troupe::queue_id queue) {
  for (auto id = first; id <= last; ++id)
    d.enqueue({key(id), kind::plain, 0, true}, queue);
}

} // namespace

TEST_CASE("an idle child is given tasks of another queue that has no room") {
  dispatcher d(2, 4);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 1, unlimited, t0);
  enqueue_movable(d, 1, 3, 0);
  CHECK(seats(assign(d)) == seat_list{0, 0, 1});
}

TEST_CASE("a queue whose children are still starting waits for them") {
  dispatcher d(2, 4);
  d.add_child(0, 0, unlimited, t0);
  enqueue_movable(d, 1, 1, 1);
  CHECK(assign(d).empty());
  d.add_child(1, 1, unlimited, t0);
  CHECK(seats(assign(d)) == seat_list{1});
}

TEST_CASE("a child first serves its own queue") {
  dispatcher d(2, 4);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 1, unlimited, t0);
  enqueue_movable(d, 1, 2, 0);
  enqueue_movable(d, 3, 4, 1);
  for (const auto& each : assign(d))
    CHECK(each.seat == (each.task.id <= 2 ? 0u : 1u));
}

TEST_CASE("an idle child also takes back from one of another queue") {
  dispatcher d(2, 4);
  d.add_child(0, 0, unlimited, t0);
  enqueue_movable(d, 1, 2, 0);
  CHECK(seats(assign(d)) == seat_list{0, 0});
  d.add_child(1, 1, unlimited, t0);
  CHECK(d.unbalanced());
  CHECK(d.next_take_back(t0 + patience)->from == 0);
  d.taken_back(0, kind::plain);
  d.enqueue_front(key(2), kind::plain, 0, true);
  CHECK(seats(assign(d)) == seat_list{1});
}

TEST_CASE("a task that may not move waits for a child of its own queue") {
  dispatcher d(2, 4);
  d.add_child(0, 0, unlimited, t0);
  d.add_child(1, 1, unlimited, t0);
  enqueue(d, 1, 3);
  CHECK(seats(assign(d)) == seat_list{0, 0});
  enqueue_movable(d, 4, 4, 1);
  CHECK(seats(assign(d)) == seat_list{1});
}

TEST_CASE("a stopped child gets nothing more, and what it has still ends") {
  dispatcher d(1, 4);
  d.add_child(0, 0, unlimited, t0);
  enqueue(d, 1, 3);
  CHECK(assign(d).size() == 2);
  d.stop_child(0);
  d.ended(0, kind::plain, 1s, t0);
  CHECK(assign(d).empty());
  CHECK(d.owed_by(0) == 1);
}

// -- many queues ------------------------------------------------------------------------------------------

namespace {

// The largest number of waiting tasks that are looked at until a child that has finished one has got its next,
// where each queue has a child of its own, which is busy, and tasks that wait.
std::size_t most_looks(std::size_t queues, bool may_move) {
  dispatcher d(queues, 1);
  std::uint64_t id = 0;
  for (std::uint32_t seat = 0; seat < queues; ++seat) {
    d.add_child(seat, seat, unlimited, t0);
    for (int i = 0; i < 4; ++i)
      d.enqueue({key(++id), kind::plain, 0, may_move}, seat);
  }
  std::size_t looks = 0;
  const auto assign_counting = [&] {
    std::size_t assigned = 0;
    looks = 0;
    while (d.next_assignment([&](task_key) { return ++looks > 0; }))
      ++assigned;
    return assigned;
  };
  assign_counting();
  std::size_t most = 0;
  for (std::uint32_t seat = 0; seat < queues; ++seat) {
    d.ended(seat, kind::plain, 1ms, t0);
    REQUIRE(assign_counting() == 1);
    most = std::max(most, looks);
  }
  return most;
}

} // namespace

TEST_CASE("as many tasks are looked at for an assignment with a thousand queues as with two") {
  for (const bool may_move : {false, true}) {
    INFO("tasks may move: " << may_move);
    CHECK(most_looks(1024, may_move) == most_looks(2, may_move));
  }
}
