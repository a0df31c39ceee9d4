// What users of aiomultiprocess report as defects, shown to be different here. Cancelling, timeouts,
// retries, priorities, chunks and backpressure have files of their own.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdlib>
#include <ranges>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

asio::awaitable<int> sleep_long() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 0;
}

struct fussy {
  int value = 0;
};

template <class Inspector>
auto inspect(Inspector& f, fussy& x) {
  return f.object(x).on_save([&x] { return x.value >= 0; }).fields(f.field("value", x.value));
}

int value_of(fussy x) {
  return x.value;
}

} // namespace

TEST_CASE("a child that dies with tasks in flight hangs no caller") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<troupe::task_future<int>> tasks;
  for (int i = 0; i < 10; ++i)
    tasks.push_back(pool.apply(sleep_long));
  auto killer = pool.apply([] { ::raise(SIGKILL); });
  CHECK_THROWS_AS(killer.get(), troupe::child_lost);
  for (auto& task : tasks)
    CHECK_THROWS_AS(task.get(), troupe::child_lost);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a task beside a pending one is served by an event, not by a poll") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto pending = pool.apply(sleep_long);
  pool.apply(square, 1).get();
  const auto children = children_of(::getpid());
  REQUIRE(children.size() == 1);
  // Whoever polls for events wakes up between them.
  CHECK(eventually([&] {
    const auto before = voluntary_context_switches(children[0]);
    std::this_thread::sleep_for(500ms);
    return voluntary_context_switches(children[0]) == before;
  }));
  CHECK_FALSE(pending.done());
}

TEST_CASE("an argument that cannot be encoded is an error of the call that submits it") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_AS(pool.apply(value_of, fussy{-1}), troupe::encode_error);
  CHECK(pool.apply(value_of, fussy{5}).get() == 5);
  CHECK(pool.stats().submitted == 1);
}

TEST_CASE("a task that exits its process ends none of the tasks that wait behind it") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto leaving = pool.apply([] { std::exit(0); });
  std::vector<troupe::task_future<int>> others;
  for (int i = 0; i < 20; ++i)
    others.push_back(pool.apply(square, i));
  CHECK_THROWS_AS(leaving.get(), troupe::child_lost);
  for (int i = 0; i < 20; ++i)
    CHECK(others[static_cast<std::size_t>(i)].get() == i * i);
}

#if !defined(__SANITIZE_ADDRESS__) // which keeps freed memory for a while
TEST_CASE("results that nobody waits for are not kept") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto drop = [&](int count) {
    for (int i = 0; i < count; ++i)
      pool.apply([] { return std::string(10'000, 'x'); });
    while (pool.stats().queued + pool.stats().running > 0) {
    }
  };
  drop(1000);
  const auto before = resident_kilobytes(::getpid());
  drop(5000); // 50 MB of results
  CHECK(resident_kilobytes(::getpid()) < before + 20'000);
}
#endif

TEST_CASE("the first failure of a map does not discard the other values") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto results = pool.map(
    [](int x) {
      if (x == 2)
        throw std::runtime_error("two");
      return x;
    },
    std::views::iota(0, 5));
  std::vector<int> values;
  int failures = 0;
  for (bool more = true; more;) {
    try {
      more = false;
      for (int value : results)
        values.push_back(value);
    } catch (const std::runtime_error&) {
      ++failures;
      more = true;
    }
  }
  CHECK(values == std::vector{0, 1, 3, 4});
  CHECK(failures == 1);
}

TEST_CASE("a map over a million items ends, in order") {
  troupe::pool pool{rt(), {.processes = 2}};
  long long expected = 0;
  bool in_order = true;
  for (int value : pool.map([](int x) { return x; }, std::views::iota(0, 1'000'000)))
    in_order = in_order && value == expected++;
  CHECK(in_order);
  CHECK(expected == 1'000'000);
}

TEST_CASE("children take tasks as they can run them: none hoards while another is idle") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto tasks_of = [&](std::size_t child) { return pool.stats().children[child].tasks; };
  while (tasks_of(0) == 0 || tasks_of(1) == 0) // until both have started
    pool.map(nap, std::views::iota(0, 40)).get();
  const auto first = tasks_of(0);
  const auto second = tasks_of(1);
  pool.map(nap, std::views::iota(0, 400)).get();
  CHECK(tasks_of(0) - first > 50);
  CHECK(tasks_of(1) - second > 50);
}

TEST_CASE("no process beside the children is started") {
  troupe::pool pool{rt(), {.processes = 3}};
  pool.map(square, std::views::iota(0, 100)).get();
  CHECK(eventually([] { return children_of(::getpid()).size() == 3; }));
}
