// Everything that can be awaited can lose against a timer, and ends with it.
#include "asio/functions.hpp"
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// It has long expired when anything that never ends would.
asio::awaitable<void> moment() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
  co_await timer.async_wait(asio::use_awaitable);
}

// Whether the moment is over before the other; it must be.
template <class Operation>
asio::awaitable<bool> loses_against_a_timer(Operation operation) {
  const auto first = co_await (std::move(operation) || moment());
  co_return first.index() == 1;
}

} // namespace

TEST_CASE("a task that loses against a timer is cancelled") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto task = pool.apply(sleep_for_ever);
  rt().run([&]() -> asio::awaitable<void> {
    const auto first = co_await (task || moment());
    CHECK(first.index() == 1);
    const auto other = co_await (moment() || pool.apply(sleep_for_ever));
    CHECK(other.index() == 0);
  });
  CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
  CHECK(pool.apply(no_seven, 3).get() == 3);
}

TEST_CASE("results of two operations come together, and the failure of one cancels the other") {
  troupe::pool pool{rt(), {.processes = 2}};
  rt().run([&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await (pool.apply(no_seven, 3) && pool.apply(no_seven, 4));
    CHECK(a == 3);
    CHECK(b == 4);
    auto endless = pool.apply(sleep_for_ever);
    bool thrown = false;
    try {
      co_await (endless && pool.apply(no_seven, 7));
    } catch (const std::out_of_range&) {
      thrown = true;
    } catch (const boost::asio::multiple_exceptions&) {
      thrown = true;
    }
    CHECK(thrown);
    CHECK(endless.done());
  });
}

TEST_CASE("the next result of a map can be given up, and is not lost") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  troupe::queue<int> values{rt(), 4};
  auto results = pool.map(troupe::blocking(take), std::vector{values, values});
  rt().run([&]() -> asio::awaitable<void> {
    const auto result1 = co_await loses_against_a_timer(results.next());
    CHECK(result1);
    const auto result2 = co_await loses_against_a_timer(results.next());
    CHECK(result2);
    co_await values.async_push(1);
    const auto result3 = co_await results.next();
    CHECK(result3 == 1);
    co_await values.async_push(2);
    const auto result4 = co_await results.next();
    CHECK(result4 == 2);
    const auto result5 = co_await results.next();
    CHECK_FALSE(result5);
  });
}

TEST_CASE("the next item of an unordered map can be given up, and is not lost") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> values{rt(), 4};
  auto results = pool.map_unordered(troupe::blocking(take), std::vector{values});
  rt().run([&]() -> asio::awaitable<void> {
    const auto result6 = co_await loses_against_a_timer(results.next());
    CHECK(result6);
    co_await values.async_push(1);
    auto item = co_await results.next();
    CHECK(item->value() == 1);
    const auto result7 = co_await results.next();
    CHECK_FALSE(result7);
  });
}

TEST_CASE("a whole map that loses against a timer is cancelled with its tasks") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> none{rt(), 1};
  auto results = pool.map(troupe::blocking(take), std::vector{none, none, none});
  rt().run([&]() -> asio::awaitable<void> {
    const auto first = co_await (results || moment());
    CHECK(first.index() == 1);
  });
  CHECK_THROWS_AS(results.get(), troupe::task_cancelled);
  none.close();
}

TEST_CASE("the wait for a process or a worker can be given up, and it goes on") {
  troupe::queue<int> values{rt(), 1};
  troupe::worker w{rt(), troupe::call(take, values)};
  troupe::process p{rt(), troupe::call(take, values)};
  rt().run([&]() -> asio::awaitable<void> {
    const auto first = co_await (w || moment());
    CHECK(first.index() == 1);
    const auto other = co_await (moment() || p);
    CHECK(other.index() == 0);
    CHECK(w.is_alive());
    CHECK(p.is_alive());
    values.close();
    const auto result8 = co_await w;
    CHECK(result8 == 0);
    co_await p;
  });
}

TEST_CASE("an operation on a queue that loses against a timer is withdrawn") {
  troupe::queue<int> values{rt(), 1};
  rt().run([&]() -> asio::awaitable<void> {
    const auto result9 = co_await loses_against_a_timer(values.async_pop());
    CHECK(result9);
    co_await values.async_push(1);
    const auto result10 = co_await loses_against_a_timer(values.async_push(2));
    CHECK(result10);
    const auto result11 = co_await values.async_pop();
    CHECK(result11 == 1);
  });
  CHECK_FALSE(values.try_pop());
}

TEST_CASE("the first of several futures can be given up, and they can be awaited then") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> values{rt(), 1};
  auto task = pool.apply(troupe::blocking(take), values);
  rt().run([&]() -> asio::awaitable<void> {
    const auto result12 = co_await loses_against_a_timer(troupe::when_any(task));
    CHECK(result12);
    co_await values.async_push(5);
    const auto result13 = co_await task;
    CHECK(result13 == 5);
  });
}

TEST_CASE("a wait is cancelled by a signal of the program") {
  troupe::pool pool{rt(), {.processes = 1}};
  asio::cancellation_signal signal;
  std::promise<std::exception_ptr> ended;
  auto task = pool.apply(sleep_for_ever);
  task(asio::bind_cancellation_slot(
    signal.slot(), [&](std::exception_ptr error, int) { ended.set_value(std::move(error)); }));
  asio::post(rt().executor(), [&] { signal.emit(asio::cancellation_type::terminal); });
  CHECK_THROWS_AS(std::rethrow_exception(ended.get_future().get()), troupe::task_cancelled);
}
