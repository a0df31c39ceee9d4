// Maps whose items travel as batches: nothing is to be seen of it but the speed.
#include "batch_checks.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <troupe/coroutine.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace asio = boost::asio;

namespace {

int last_digits(int x) {
  return x % 1000;
}

int odd_or_die(int x) {
  if (x % 1000 == 7)
    ::raise(SIGKILL);
  return 2 * x + 1;
}

void wait_until_stopped() {
  const auto token = troupe::this_task::stop_token();
  while (!token.stop_requested())
    std::this_thread::yield();
}

int odd_or_wait(int x) {
  if (x == 500)
    std::this_thread::sleep_for(200ms);
  return 2 * x + 1;
}

// -- coroutines: most end at once, as those do whose data is there ----------------------------------------
//
// The first ones of a map travel alone, as many as its buffer has room for: so there are more of them than that.

asio::awaitable<void> wait_for(std::chrono::nanoseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<int> odd_at_once(int x) {
  co_return 2 * x + 1;
}

asio::awaitable<int> odd_at_once_or_throw(int x) {
  if (x % 2000 == 1007)
    co_await asio::post(asio::use_awaitable);
  co_return odd_or_throw(x);
}

asio::awaitable<int> odd_at_once_or_later(int x) {
  if (x % 300 == 7)
    co_await wait_for(100us);
  co_return 2 * x + 1;
}

asio::awaitable<int> odd_at_once_or_die(int x) {
  if (x % 2000 == 1007)
    co_await asio::post(
      asio::use_awaitable); // so that it dies alone in its batch, or in the midst of it
  co_return odd_or_die(x);
}

asio::awaitable<int> odd_at_once_or_never(int x) {
  if (x == endless_item)
    co_await wait_for(24h);
  co_return 2 * x + 1;
}

} // namespace

TEST_CASE("a map of many small items gives each its own value, in order") {
  troupe::pool pool{rt(), {.processes = 2}};
  constexpr int count = 200'000;
  int next = 0;
  bool right = true;
  for (const int value : pool.map(last_digits, std::views::iota(0, count))) {
    right = right && value == next % 1000;
    ++next;
  }
  CHECK(next == count);
  CHECK(right);
  const auto stats = pool.stats();
  CHECK(stats.submitted == count);
  CHECK(stats.succeeded == count);
  CHECK(stats.queued + stats.running == 0);
  CHECK(stats.children[0].tasks + stats.children[1].tasks == count);
}

TEST_CASE("each item of a batch throws for itself") {
  troupe::pool pool{rt(), {.processes = 2}};
  check_each_item_throws_for_itself(pool, odd_or_throw);
}

TEST_CASE("an item that kills its child is lost alone, whatever it travels with") {
  troupe::pool pool{rt(), {.processes = 2}};
  constexpr int count = 10'000;
  std::size_t lost = 0;
  std::set<std::size_t> seen;
  bool right = true;
  for (auto& item : pool.map_unordered(odd_or_die, numbers(count))) {
    right = right && seen.insert(item.index()).second;
    if (item.index() % 1000 != 7) {
      right = right && item.has_value() && item.value() == 2 * static_cast<int>(item.index()) + 1;
      continue;
    }
    ++lost;
    try {
      item.value();
      FAIL("an item that kills its child has a value");
    } catch (const troupe::child_lost& e) {
      CHECK(e.culprit());
    }
  }
  CHECK(right);
  CHECK(seen.size() == count);
  CHECK(lost == 10);
  CHECK(pool.stats().lost == 10);
}

TEST_CASE("results that are finished do not wait for an item of their batch that takes long") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.map(square, std::views::iota(0, 20'000)).get(); // now batches are large
  auto results = pool.map(
    [](int x) {
      if (x == 10)
        wait_until_stopped();
      return x;
    },
    std::views::iota(0, 1000));
  for (int x = 0; x < 10; ++x) // they come although the item after them never ends by itself
    CHECK(results.next_blocking() == x);
  results.cancel();
}

TEST_CASE("what is behind a long item of a batch runs in another child") {
  troupe::pool pool{rt(), {.processes = 2}};
  pool.map(square, std::views::iota(0, 20'000)).get();
  std::size_t before_long_one = 0;
  bool long_one_seen = false;
  for (auto& item : pool.map_unordered(odd_or_wait, numbers(3000))) {
    CHECK(item.value() == 2 * static_cast<int>(item.index()) + 1);
    long_one_seen = long_one_seen || item.index() == 500;
    before_long_one += long_one_seen ? 0 : 1;
  }
  CHECK(long_one_seen);
  CHECK(before_long_one == 2999);
}

TEST_CASE("results of any size come out of a batch") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.map(square, std::views::iota(0, 20'000)).get();
  check_results_of_any_size(pool, long_text);
}

TEST_CASE("chunksize sets the items of a batch, and one travels as a task of its own") {
  troupe::pool pool{rt(), {.processes = 2}};
  for (const std::size_t size : {1, 2, 7, 1000}) {
    const auto values =
      pool.map(troupe::map_options{.chunksize = size}, square, std::views::iota(0, 999)).get();
    REQUIRE(values.size() == 999);
    for (int x = 0; x < 999; ++x)
      CHECK(values[static_cast<std::size_t>(x)] == x * x);
  }
}

TEST_CASE("an item of a batch knows itself, and that it is another than its neighbours") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::set<troupe::task_id> ids;
  for (const auto id : pool.map([](int) { return troupe::this_task::id(); }, numbers(5000)))
    CHECK(ids.insert(id).second);
  for (const auto attempt :
    pool.map([](int) { return troupe::this_task::attempt(); }, numbers(100)))
    CHECK(attempt == 1);
}

TEST_CASE("items of a batch may wait for tasks of their own pool") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto sum_below = [](const troupe::pool_handle& handle, int x) {
    int sum = 0;
    for (const int value : handle.map(square, std::views::iota(0, x % 5)))
      sum += value;
    return sum;
  };
  std::vector<std::tuple<troupe::pool_handle, int>> input;
  for (int x = 0; x < 300; ++x)
    input.emplace_back(pool.handle(), x);
  const int sums[] = {0, 0, 1, 5, 14};
  const auto values = pool.starmap(sum_below, input).get();
  REQUIRE(values.size() == 300);
  for (std::size_t x = 0; x < 300; ++x)
    CHECK(values[x] == sums[x % 5]);
}

TEST_CASE("an item of a batch that cannot be encoded ends the input after the items before it") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<long> input(100, 1);
  input[70] = -1;
  auto results = pool.map([](unsigned long x) { return x; }, input);
  for (int i = 0; i < 70; ++i)
    CHECK(results.next_blocking() == 1u);
  CHECK_THROWS_AS(results.next_blocking(), troupe::encode_error);
  CHECK_FALSE(results.next_blocking());
}

TEST_CASE("a batch that is not begun when its pool is terminated is cancelled item by item") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto results = pool.map_unordered(
    [](int x) {
      if (x == 3)
        wait_until_stopped();
      return x;
    },
    numbers(4000));
  std::size_t values = 0;
  std::size_t cancelled = 0;
  for (auto& item : results) {
    if (item.has_value()) {
      if (++values == 3)
        pool.terminate();
    } else {
      CHECK_THROWS_AS(item.value(), troupe::task_cancelled);
      ++cancelled;
    }
  }
  CHECK(values == 3);
  CHECK(cancelled == 3997);
  const auto stats = pool.stats();
  CHECK(stats.cancelled == 3997);
}

TEST_CASE(
  "a map of coroutines that end at once, or most of which do, gives each its own value, in order") {
  for (const std::size_t concurrency : {1, 4, 16}) {
    troupe::pool pool{rt(), {.processes = 2, .childconcurrency = concurrency}};
    constexpr int count = 20'000;
    for (auto* const function : {&odd_at_once, &odd_at_once_or_later}) {
      int next = 0;
      bool right = true;
      for (const int value : pool.map(function, numbers(count)))
        right = right && value == 2 * next++ + 1;
      CHECK(next == count);
      CHECK(right);
    }
    const auto stats = pool.stats();
    CHECK(stats.submitted == 2 * count);
    CHECK(stats.succeeded == 2 * count);
    CHECK(stats.queued + stats.running == 0);
    CHECK(stats.children[0].tasks + stats.children[1].tasks == 2 * count);
  }
}

TEST_CASE("coroutines of a map take their arguments from tuples, and come as they are completed") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  const auto sum = [](int x, int y) -> asio::awaitable<int> { co_return x + y; };
  std::vector<std::tuple<int, int>> input;
  for (int x = 0; x < 10'000; ++x)
    input.emplace_back(x, 2 * x);
  const auto values = pool.starmap(sum, input).get();
  REQUIRE(values.size() == input.size());
  for (int x = 0; x < 10'000; ++x)
    CHECK(values[static_cast<std::size_t>(x)] == 3 * x);
  std::set<std::size_t> seen;
  for (auto& item : pool.map_unordered(odd_at_once_or_later, numbers(10'000)))
    CHECK(
      (item.value() == 2 * static_cast<int>(item.index()) + 1 && seen.insert(item.index()).second));
  CHECK(seen.size() == 10'000);
}

TEST_CASE("each coroutine of a batch throws for itself, at once or later") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  check_each_item_throws_for_itself(pool, odd_at_once_or_throw);
}

TEST_CASE("a coroutine that kills its child is the one to blame, whatever it travels with") {
  for (const std::size_t concurrency : {1, 16}) {
    troupe::pool pool{rt(), {.processes = 2, .childconcurrency = concurrency}};
    constexpr int count = 10'000;
    std::size_t lost = 0;
    std::set<std::size_t> seen;
    for (auto& item : pool.map_unordered(odd_at_once_or_die, numbers(count))) {
      CHECK(seen.insert(item.index()).second);
      if (item.index() % 1000 != 7) {
        CHECK(item.value() == 2 * static_cast<int>(item.index()) + 1);
        continue;
      }
      ++lost;
      try {
        item.value();
        FAIL("an item that kills its child has a value");
      } catch (const troupe::child_lost& e) {
        CHECK(e.culprit());
      }
    }
    CHECK(seen.size() == count);
    CHECK(lost == 10);
    CHECK(pool.stats().lost == 10);
  }
}

TEST_CASE(
  "coroutines of a batch do not wait for one among them that never ends, and it can be cancelled") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
  check_endless_item_is_cancelled(pool, odd_at_once_or_never);
}

TEST_CASE("a coroutine of a batch knows itself, and has its cancellation state for itself") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  std::set<troupe::task_id> ids;
  const auto own_id = [](int) -> asio::awaitable<troupe::task_id> {
    co_return troupe::this_task::attempt() == 1 ? troupe::this_task::id() : 0;
  };
  for (const auto id : pool.map(own_id, numbers(10'000)))
    CHECK((id != 0 && ids.insert(id).second));
  const auto changes = [](int) -> asio::awaitable<bool> {
    const bool before = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return before;
  };
  for (const bool throws : pool.map(changes, numbers(10'000)))
    CHECK(throws);
}

namespace {

std::atomic<int> behind_in_a_task = 0; // in a child
std::atomic<int> behind_in_none = 0;

asio::awaitable<int> leaves_something(int x) {
  const auto behind = []() -> asio::awaitable<void> {
    co_await asio::post(asio::use_awaitable);
    try {
      troupe::this_task::id();
      ++behind_in_a_task;
    } catch (const std::logic_error&) {
      ++behind_in_none;
    }
  };
  if (x % 500 == 7)
    asio::co_spawn(co_await asio::this_coro::executor, behind(), asio::detached);
  co_return x;
}

} // namespace

TEST_CASE("what a coroutine of a batch leaves behind is not taken for a part of the next one") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 4}};
  int next = 0;
  for (const int value : pool.map(leaves_something, numbers(10'000)))
    CHECK(value == next++);
  const auto in_none = []() -> asio::awaitable<int> {
    while (behind_in_none + behind_in_a_task < 20)
      co_await asio::post(asio::use_awaitable);
    co_return behind_in_none;
  };
  CHECK(pool.apply(in_none).get() == 20);
}

TEST_CASE("coroutines of a batch may wait for tasks of their own pool") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 2}};
  const auto maybe_square = [](troupe::pool_handle handle, int x) -> asio::awaitable<int> {
    if (x % 100 == 7)
      co_return co_await handle.apply(square, x);
    co_return x;
  };
  check_items_ask_their_pool(pool, maybe_square);
}
