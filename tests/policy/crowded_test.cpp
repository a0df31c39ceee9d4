// More children than CPUs: who gets functions that end sooner than a sleeping child wakes up.
#include "base/limits.hpp"
#include "policy/dispatcher.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <map>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::policy;
using kind = dispatcher::kind;
namespace limits = troupe::limits;

namespace {

constexpr dispatcher::clock::time_point t0{1h};
constexpr std::size_t children = 16;
constexpr std::size_t cpus = 2;

const auto is_open = [](task_key) { return true; };

// Sixteen children on two CPUs, whose functions have taken `length` so far.
dispatcher pool_whose_functions_take(std::chrono::nanoseconds length) {
  dispatcher d(1, 4, cpus);
  for (std::uint32_t seat = 0; seat < children; ++seat)
    d.add_child(seat, 0, dispatcher::unlimited, t0);
  d.enqueue({0, 1}, kind::plain, 0);
  const auto first = d.next_assignment(is_open);
  d.ended(first->seat, kind::plain, length, t0);
  return d;
}

// How many of `count` tasks each child gets.
std::map<std::uint32_t, std::size_t> submit(
  dispatcher& d, std::size_t count, kind of = kind::plain) {
  for (std::uint64_t id = 2; id < count + 2; ++id)
    d.enqueue({static_cast<std::uint32_t>(id), id}, of, 0);
  std::map<std::uint32_t, std::size_t> given;
  while (const auto next = d.next_assignment(is_open))
    ++given[next->seat];
  return given;
}

} // namespace

TEST_CASE("short functions go to as many children as there are CPUs, which share them evenly") {
  auto d = pool_whose_functions_take(1us);
  CHECK(submit(d, 300) == std::map<std::uint32_t, std::size_t>{{0, 150}, {1, 150}});
}

TEST_CASE("a function that the kernel has interrupted does not make the others count as long") {
  auto d = pool_whose_functions_take(1us);
  for (int turn = 0; turn < 100; ++turn) {
    submit(d, 1);
    d.ended(0, kind::plain, 1us, t0);
  }
  submit(d, 2);
  d.ended(0, kind::plain, 1ms, t0);
  d.ended(1, kind::plain, 1us, t0);
  CHECK(submit(d, 100).size() == cpus);
}

TEST_CASE("functions that have become longer go to all children soon") {
  auto d = pool_whose_functions_take(1us);
  int ended = 0;
  for (; submit(d, children).size() < children; ++ended) {
    REQUIRE(ended < 100);
    for (std::uint32_t seat = 0; seat < cpus; ++seat)
      while (d.owed_by(seat) > 0)
        d.ended(seat, kind::plain, 1ms, t0);
  }
  CHECK(ended > 0);
}

TEST_CASE("a batch counts by its items") {
  auto d = pool_whose_functions_take(1us);
  submit(d, cpus);
  for (std::uint32_t seat = 0; seat < cpus; ++seat)
    d.ended(seat, kind::plain, 1ms, t0, 1000);
  CHECK(submit(d, children).size() == cpus);
}

TEST_CASE("functions that take longer than a child takes to wake up go to all children") {
  auto d = pool_whose_functions_take(limits::wake_up_time);
  CHECK(submit(d, 3 * children).size() == children);
}

TEST_CASE("functions of unknown length, coroutines and blocking functions go to all children") {
  dispatcher unknown(1, 4, cpus);
  for (std::uint32_t seat = 0; seat < children; ++seat)
    unknown.add_child(seat, 0, dispatcher::unlimited, t0);
  CHECK(submit(unknown, 20).size() == children);
  for (const auto of : {kind::coroutine, kind::blocking}) {
    auto d = pool_whose_functions_take(1us);
    CHECK(submit(d, 20, of).size() == children);
  }
}

TEST_CASE("what exceeds the credit of the crew waits for it, while others are idle") {
  auto d = pool_whose_functions_take(1us);
  const auto given = submit(d, 2 * limits::max_prefetch);
  CHECK(given.size() == cpus);
  CHECK(d.depth(0) == 2 * limits::max_prefetch - 2 * given.at(0));
  CHECK(d.has_idle(0, false));
  d.ended(1, kind::plain, 1us, t0);
  CHECK(d.next_assignment(is_open)->seat == 1);
  CHECK_FALSE(d.next_assignment(is_open));
}

TEST_CASE("a member of the crew that finishes nothing is replaced, and what waits goes on") {
  auto d = pool_whose_functions_take(1us);
  const auto given = submit(d, 2 * limits::max_prefetch);
  const auto waiting = d.depth(0);
  const auto later = t0 + limits::crowded_take_back_after;
  d.ended(1, kind::plain, 1us, later);
  CHECK(d.unbalanced());
  CHECK_FALSE(d.next_take_back(later - 1ns));
  const auto take = d.next_take_back(later);
  REQUIRE(take);
  CHECK(take->from == 0);
  CHECK(take->at_most == given.at(0) - 1);
  CHECK_FALSE(d.next_take_back(later));
  const auto next = submit(d, 0);
  CHECK(next.count(0) == 0);
  CHECK(next.at(1) == 1);
  CHECK(next.at(2) == given.at(0));
  CHECK(d.depth(0) == waiting - 1 - given.at(0));
  CHECK_FALSE(d.next_take_back(later)); // the new member has some time to finish something
}

TEST_CASE(
  "a member of the crew that finishes nothing is replaced also by one that runs coroutines") {
  dispatcher d(1, 4, 1);
  for (std::uint32_t seat = 0; seat < 3; ++seat)
    d.add_child(seat, 0, dispatcher::unlimited, t0);
  d.enqueue({0, 1}, kind::plain, 0);
  d.ended(d.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  submit(d, 3, kind::coroutine);
  submit(d, 1000);
  REQUIRE(d.depth(0) > 0);
  CHECK(d.unbalanced());
  const auto take = d.next_take_back(t0 + limits::crowded_take_back_after);
  REQUIRE(take);
  CHECK(submit(d, 0).size() == 1);
}

TEST_CASE(
  "a child in which tasks have lent their places is no member of the crew that others wait for") {
  auto d = pool_whose_functions_take(1us);
  submit(d, 100);
  for (std::size_t i = 0; i < limits::lent_functions; ++i)
    d.lend(0, 1000 + i, kind::plain, 0, i, t0);
  while (d.owed_by(0) > limits::lent_functions + 1)
    d.taken_back(0, kind::plain);
  const auto next = submit(d, 10);
  CHECK(next == std::map<std::uint32_t, std::size_t>{{2, 10}});
}

TEST_CASE(
  "what waits for a member that is stopped goes elsewhere, also where the crew stays full") {
  dispatcher d(2, 4, 1); // two queues of two children, and the crew is one
  for (std::uint32_t seat = 0; seat < 4; ++seat)
    d.add_child(seat, seat / 2, dispatcher::unlimited, t0);
  d.enqueue({0, 1}, kind::plain, 0);
  d.ended(d.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  for (std::uint64_t id = 2; id < 6; ++id)
    d.enqueue({static_cast<std::uint32_t>(id), id}, kind::plain, 1);
  submit(d, 1000); // the other queue
  REQUIRE(d.depth(0) > 0);
  REQUIRE(d.owed_by(1) == 0);
  d.stop_child(0);
  d.ended(2, kind::plain, 1us, t0);
  const auto next = d.next_assignment(is_open);
  REQUIRE(next);
  CHECK(next->seat == 1);
}

TEST_CASE("nobody looks for another member of the crew where no child could be one") {
  dispatcher d(2, 1, 1);
  for (std::uint32_t seat = 0; seat < 3; ++seat)
    d.add_child(seat, seat / 2, dispatcher::unlimited, t0); // the last one has a queue of its own
  d.enqueue({0, 1}, kind::plain, 0);
  d.ended(d.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  submit(d, 1, kind::coroutine);
  submit(d, 6);
  CHECK_FALSE(d.unbalanced());
}

TEST_CASE("what may move waits for the crew, too") {
  dispatcher d(2, 4, 1);
  for (std::uint32_t seat = 0; seat < 4; ++seat)
    d.add_child(seat, seat / 2, dispatcher::unlimited, t0);
  d.enqueue({0, 1}, kind::plain, 0);
  d.ended(d.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  for (std::uint32_t id = 2; id < 1002; ++id)
    d.enqueue({{id, id}, kind::plain, 0, true}, 0);
  CHECK(submit(d, 0).size() == 1);
  CHECK(d.depth(0) > 0);
}

TEST_CASE("what waits for the crew goes elsewhere once the crew does not get all, whoever tells") {
  dispatcher d(2, 4, 2); // a queue has two children, and the other one
  for (std::uint32_t seat = 0; seat < 3; ++seat)
    d.add_child(seat, seat / 2, dispatcher::unlimited, t0);
  d.enqueue({0, 1}, kind::plain, 1);
  d.ended(d.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  d.enqueue({1, 2}, kind::plain, 1);
  REQUIRE(d.next_assignment(is_open)->seat == 2);
  const auto given = submit(d, 1000);
  CHECK(given.size() == 1);
  REQUIRE(d.depth(0) > 0);
  d.ended(2, kind::plain, 1us, t0);
  const auto next = d.next_assignment(is_open);
  REQUIRE(next);
  CHECK(next->seat == 1);
}

TEST_CASE("children are a crowd while as many as there are CPUs have short functions") {
  auto d = pool_whose_functions_take(1us);
  CHECK_FALSE(d.is_crowded());
  submit(d, 1);
  CHECK_FALSE(d.is_crowded());
  submit(d, 1);
  CHECK(d.is_crowded());
  CHECK(d.has_idle(0, false));
}

TEST_CASE("no more children than CPUs are no crowd: what they hold is taken back soon") {
  dispatcher d(1, 4, cpus);
  for (std::uint32_t seat = 0; seat < cpus; ++seat)
    d.add_child(seat, 0, dispatcher::unlimited, t0);
  d.enqueue({0, 1}, kind::plain, 0);
  d.ended(d.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  submit(d, 10);
  CHECK_FALSE(d.is_crowded());
  CHECK(d.patience() == limits::take_back_after);
}

TEST_CASE(
  "what waits behind a function that does not end is taken back, later than where a CPU is free") {
  auto d = pool_whose_functions_take(1us);
  submit(d, 100);
  CHECK(d.unbalanced());
  CHECK_FALSE(d.next_take_back(t0 + limits::crowded_take_back_after - 1ns));
  const auto take = d.next_take_back(t0 + limits::crowded_take_back_after);
  REQUIRE(take);
  CHECK(take->at_most == 49);
}

TEST_CASE(
  "a child that is gone, or that a task has to itself, is not one of those that are awake") {
  auto d = pool_whose_functions_take(1us);
  submit(d, 4);
  d.remove_child(0);
  d.remove_child(1);
  CHECK(submit(d, 100) == std::map<std::uint32_t, std::size_t>{{2, 50}, {3, 50}});
}

TEST_CASE("a task for a child of the crew is not kept out by those that wait for the crew, and one "
          "that others wait for goes to an idle child") {
  auto d = pool_whose_functions_take(1us);
  submit(d, 2 * limits::max_prefetch + 10);
  d.ended(0, kind::plain, 1us, t0);
  CHECK(d.give(0, kind::plain));
  CHECK_FALSE(d.give(0, kind::plain));

  dispatcher few(2, 4, 1); // two queues of two children, one of which is the crew
  for (std::uint32_t seat = 0; seat < 4; ++seat)
    few.add_child(seat, seat / 2, dispatcher::unlimited, t0);
  few.enqueue({0, 1}, kind::plain, 0);
  few.ended(few.next_assignment(is_open)->seat, kind::plain, 1us, t0);
  submit(few, 10'000);
  few.ended(0, kind::plain, 1us, t0);
  few.enqueue_nested({0, 20'000}, kind::plain, 1, 0);
  const auto next = few.next_assignment(is_open);
  REQUIRE(next);
  CHECK(next->task.id == 20'000);
  CHECK(next->seat == 1);
}
