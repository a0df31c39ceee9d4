// Futures in the order of their completion.
#include "asio/functions.hpp"
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

#include <boost/asio.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

std::string greet(const std::string& name) {
  return "hello " + name;
}

int first_of_two(const troupe::pool_handle& pool) {
  auto a = pool.apply(no_seven, 1);
  auto b = pool.apply(greet, "you");
  std::set<std::size_t> seen;
  for (const auto index : troupe::as_completed(a, b))
    seen.insert(index);
  return seen.size() == 2 ? a.get() + static_cast<int>(b.get().size()) : -1;
}

} // namespace

TEST_CASE("futures of different types are given as they are completed") {
  troupe::pool pool{rt(), {.processes = 2}};
  troupe::queue<int> values{rt(), 1};
  auto late = pool.apply(troupe::blocking(take), values);
  auto early = pool.apply(greet, "Ada");
  troupe::as_completed order(late, early);
  CHECK(order.next_blocking() == 1);
  CHECK(early.get() == "hello Ada");
  values.push(4);
  CHECK(order.next_blocking() == 0);
  CHECK(late.get() == 4);
  CHECK_FALSE(order.next_blocking());
}

TEST_CASE("each future of a range is given once, those that failed as well") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::vector<troupe::task_future<int>> futures;
  for (int i = 0; i < 100; ++i)
    futures.push_back(pool.apply(no_seven, i % 10));
  std::multiset<std::size_t> seen;
  int failed = 0;
  for (const auto index : troupe::as_completed(futures)) {
    seen.insert(index);
    CHECK(futures[index].done());
    failed += futures[index].error() ? 1 : 0;
  }
  CHECK(seen.size() == 100);
  CHECK(std::set<std::size_t>(seen.begin(), seen.end()).size() == 100);
  CHECK(failed == 10);
}

TEST_CASE("a thread may wait for a future while its completion is looked out for") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> values{rt(), 1};
  auto late = pool.apply(troupe::blocking(take), values);
  troupe::as_completed order(late);
  auto got = std::async(std::launch::async, [&] { return late.get(); });
  CHECK(got.wait_for(10ms) == std::future_status::timeout); // it sleeps by now, most likely
  values.push(8);
  CHECK(got.get() == 8);
  CHECK(order.next_blocking() == 0);
}

TEST_CASE("a thread that waits for a future is woken although nobody looks out for it any more") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> values{rt(), 1};
  auto late = pool.apply(troupe::blocking(take), values);
  std::optional<troupe::as_completed> order(std::in_place, late);
  auto got = std::async(std::launch::async, [&] { return late.get(); });
  CHECK(got.wait_for(10ms) == std::future_status::timeout); // it sleeps by now, most likely
  order.reset();
  values.push(8);
  CHECK(got.get() == 8);
}

TEST_CASE("futures are awaited in the order of their completion") {
  troupe::pool pool{rt(), {.processes = 2}};
  rt().run([&]() -> asio::awaitable<void> {
    troupe::queue<int> values{rt(), 1};
    auto late = pool.apply(troupe::blocking(take), values);
    auto early = pool.apply(no_seven, 3);
    const auto result1 = co_await troupe::when_any(late, early);
    CHECK(result1 == 1);
    troupe::as_completed order(late, early);
    const auto result2 = co_await order.next();
    CHECK(result2 == 1);
    co_await values.async_push(6);
    const auto result3 = co_await order.next();
    CHECK(result3 == 0);
    const auto result4 = co_await order.next();
    CHECK_FALSE(result4);
    const auto result5 = co_await late;
    CHECK(result5 == 6);
    const auto result6 = co_await early;
    CHECK(result6 == 3);
  });
}

TEST_CASE("no futures are completed at once, and one that is named twice is given twice") {
  troupe::pool pool{rt(), {.processes = 1}};
  const std::vector<troupe::task_future<int>> none;
  CHECK_FALSE(troupe::as_completed(none).next_blocking());
  auto one = pool.apply(no_seven, 1);
  std::multiset<std::size_t> seen;
  for (const auto index : troupe::as_completed(one, one))
    seen.insert(index);
  CHECK(seen == std::multiset<std::size_t>{0, 1});
  CHECK(troupe::wait_any(one) == 0);
}

TEST_CASE("a task can wait for the first of its own tasks") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(first_of_two, pool.handle()).get() == 1 + 9);
}
