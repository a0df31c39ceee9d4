// What a pool decides about time: alarms, the waits between attempts, room in the queue.
#include "core/retry_delay.hpp"
#include "core/task_alarms.hpp"
#include "parent/backlog.hpp"
#include "parent/submissions.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::core;
using purpose = task_alarms::purpose;

namespace {

constexpr task_alarms::time_point t0{1h};

task_key key(std::uint64_t id) {
  return {static_cast<std::uint32_t>(id), id};
}

const auto all_open = [](task_key) { return true; };
const auto none_open = [](task_key) { return false; };

} // namespace

TEST_CASE("alarms come in the order of their time, and not before it") {
  task_alarms alarms;
  alarms.set({t0 + 3s, purpose::retry, key(3)}, all_open);
  alarms.set({t0 + 1s, purpose::expire, key(1)}, all_open);
  alarms.set({t0 + 2s, purpose::timeout, key(2)}, all_open);
  CHECK(alarms.next(all_open) == t0 + 1s);
  CHECK_FALSE(alarms.take_due(t0 + 1s - 1ns));
  CHECK(alarms.take_due(t0 + 2s)->task == key(1));
  CHECK(alarms.take_due(t0 + 2s)->task == key(2));
  CHECK_FALSE(alarms.take_due(t0 + 2s));
  CHECK(alarms.next(all_open) == t0 + 3s);
}

TEST_CASE("alarms of tasks that have ended are passed over, but not those that end a child") {
  task_alarms alarms;
  alarms.set({t0 + 1s, purpose::timeout, key(1)}, all_open);
  alarms.set({t0 + 2s, purpose::escalate, key(1)}, all_open);
  CHECK(alarms.next(none_open) == t0 + 2s);
}

TEST_CASE("alarms of tasks that have ended do not pile up") {
  task_alarms alarms;
  std::uint64_t newest = 0;
  const auto open = [&](task_key task) { return task.id + 10 > newest; };
  for (newest = 1; newest < 100'000; ++newest)
    alarms.set({t0 + 1h, purpose::timeout, key(newest)}, open);
  CHECK(alarms.size() < 3000);
}

TEST_CASE("the wait between attempts doubles, up to the most") {
  const troupe::retry_options options{
    .max_attempts = 10, .backoff = 100ms, .max_backoff = 1s, .jitter = 0};
  CHECK(retry_delay(options, 1, 0.5) == 100ms);
  CHECK(retry_delay(options, 2, 0.5) == 200ms);
  CHECK(retry_delay(options, 4, 0.5) == 800ms);
  CHECK(retry_delay(options, 5, 0.5) == 1s);
  CHECK(retry_delay(options, 1'000'000, 0.5) == 1s);
}

TEST_CASE("jitter takes away up to its part of the wait") {
  troupe::retry_options options{.backoff = 100ms, .jitter = 0.5};
  CHECK(retry_delay(options, 1, 0) == 100ms);
  CHECK(retry_delay(options, 1, 0.5) == 75ms);
  options.jitter = 1;
  CHECK(retry_delay(options, 1, 0) == 100ms);
  CHECK(retry_delay(options, 1, 0.75) == 25ms);
}

TEST_CASE("without a backoff there is no wait") {
  CHECK(retry_delay({.backoff = 0ms}, 7, 0.5) == 0ns);
}

TEST_CASE("a bounded backlog takes as many as its limit, and more when some have left") {
  troupe::parent::backlog room(2);
  CHECK(room.try_enter());
  CHECK(room.try_enter());
  CHECK_FALSE(room.try_enter());
  room.leave();
  CHECK(room.enter(5) == 1);
  room.force_enter(3);
  CHECK_FALSE(room.try_enter());
}

TEST_CASE("an unbounded backlog takes everything") {
  troupe::parent::backlog room(0);
  CHECK(room.enter(1'000'000) == 1'000'000);
  CHECK(room.try_enter());
}

TEST_CASE("who finds the backlog full waits until there is room") {
  troupe::parent::backlog room(1);
  CHECK(room.enter(1) == 1);
  std::atomic<bool> entered = false;
  std::thread waiter([&] {
    room.enter(1);
    entered = true;
  });
  CHECK_FALSE(entered);
  room.leave();
  waiter.join();
  CHECK(entered);
}

TEST_CASE("submissions come out in their order, each once, and the first is told") {
  troupe::parent::submissions submitted;
  const auto task = [](std::uint64_t index) {
    troupe::detail::task_ptr made(new troupe::detail::task_state({}, {}));
    made->index = index;
    return made;
  };
  CHECK(submitted.add(task(1)));
  CHECK_FALSE(submitted.add(task(2)));
  CHECK_FALSE(submitted.add(task(3)));
  std::vector<std::uint64_t> taken;
  submitted.take_all([&](troupe::detail::task_ptr each) { taken.push_back(each->index); });
  CHECK(taken == std::vector<std::uint64_t>{1, 2, 3});
  std::vector<troupe::detail::task_ptr> batch{task(4), task(5), task(6)};
  CHECK(submitted.add(batch.data(), batch.data() + batch.size()));
  CHECK_FALSE(submitted.add(task(7)));
  taken.clear();
  submitted.take_all([&](troupe::detail::task_ptr each) { taken.push_back(each->index); });
  CHECK(taken == std::vector<std::uint64_t>{4, 5, 6, 7});
}

TEST_CASE("threads that submit at the same time lose nothing and keep their own order") {
  troupe::parent::submissions submitted;
  constexpr std::uint64_t each = 5000;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t)
    threads.emplace_back([&submitted, t] {
      for (std::uint64_t i = 0; i < each; ++i) {
        troupe::detail::task_ptr task(new troupe::detail::task_state({}, {}));
        task->index = t * each + i;
        submitted.add(std::move(task));
      }
    });
  std::vector<std::uint64_t> next(3, 0);
  std::uint64_t taken = 0;
  while (taken < 3 * each)
    submitted.take_all([&](troupe::detail::task_ptr task) {
      REQUIRE(task->index % each == next[task->index / each]++);
      ++taken;
    });
  for (auto& thread : threads)
    thread.join();
}
