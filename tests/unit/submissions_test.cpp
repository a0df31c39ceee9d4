// Tasks on their way to the pool actor, and the room that they need.
#include "parent/pool/backlog.hpp"
#include "parent/pool/submissions.hpp"
#include "support/catch.hpp"

#include <troupe/errors.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

troupe::detail::task_ptr task(std::uint64_t index) {
  troupe::detail::task_ptr made(new troupe::detail::task_state({}, {}));
  made->index = index;
  return made;
}

} // namespace

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
        submitted.add(task(t * each + i));
      }
    });
  std::vector<std::uint64_t> next(3, 0);
  std::uint64_t taken = 0;
  while (taken < 3 * each)
    submitted.take_all([&](troupe::detail::task_ptr one) {
      REQUIRE(one->index % each == next[one->index / each]++);
      ++taken;
    });
  for (auto& thread : threads)
    thread.join();
}

TEST_CASE("tasks that are there when submissions close, or come later, fail with pool_closed") {
  const auto task = [] { return troupe::detail::task_ptr(new troupe::detail::task_state({}, {})); };
  troupe::parent::submissions submitted;
  const auto before = task();
  const auto after = task();
  std::vector<troupe::detail::task_ptr> batch{task(), task()};
  const auto of_batch = batch;
  CHECK(submitted.add(before));
  submitted.close();
  CHECK_FALSE(submitted.add(after));
  CHECK_FALSE(submitted.add(batch.data(), batch.data() + batch.size()));
  for (const auto& each : std::vector{before, after, of_batch[0], of_batch[1]}) {
    REQUIRE(each->done());
    CHECK_THROWS_AS(std::rethrow_exception(each->error()), troupe::pool_closed);
  }
  submitted.take_all([](const troupe::detail::task_ptr&) { FAIL("a task is still there"); });
}
