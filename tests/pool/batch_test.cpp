// Maps whose items travel as batches: nothing is to be seen of it but the speed.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <troupe/coroutine.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int last_digits(int x) {
  return x % 1000;
}

int odd_or_throw(int x) {
  if (x % 1000 == 7)
    throw std::out_of_range("item " + std::to_string(x));
  return 2 * x + 1;
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

std::string long_text(int x) {
  return std::string(static_cast<std::size_t>(x) * 1000, static_cast<char>('a' + x % 26));
}

std::vector<int> numbers(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
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
  constexpr int count = 20'000;
  auto results = pool.map(odd_or_throw, numbers(count));
  int values = 0;
  int errors = 0;
  for (int x = 0; x < count; ++x)
    try {
      values += *results.next_blocking() == 2 * x + 1;
    } catch (const std::out_of_range& e) {
      errors += e.what() == "item " + std::to_string(x);
      const auto* proxy = dynamic_cast<const troupe::proxy_exception*>(&e);
      CHECK((proxy != nullptr && !proxy->traceback().empty()));
    }
  CHECK(errors == count / 1000);
  CHECK(values == count - errors);
  CHECK_FALSE(results.next_blocking());
  CHECK(pool.stats().failed == static_cast<std::uint64_t>(errors));
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
  int next = 0;
  for (const auto& text : pool.map(long_text, std::views::iota(0, 400))) {
    CHECK(text == long_text(next));
    ++next;
  }
  CHECK(next == 400);
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
