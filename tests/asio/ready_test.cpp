// A pool tells when its children are ready.
#include "asio/functions.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <thread>

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

void wait_for_value(const troupe::queue<int>& values) {
  values.pop();
}

} // namespace

TEST_CASE("a pool is ready when each position has a child that has run its initializer") {
  troupe::queue<int> values{rt(), 2};
  troupe::pool pool{rt(), {.processes = 2, .initializer = troupe::call(wait_for_value, values)}};
  auto both = pool.ready()(asio::use_future);
  values.push(1);
  CHECK(both.wait_for(20ms) == std::future_status::timeout);
  values.push(2);
  both.get();
  for (const auto& child : pool.stats().children)
    CHECK(child.pid > 0);
  pool.ready()(asio::use_future).get(); // and still is
}

TEST_CASE("a pool that fails, or is closed, before its children are ready says so to whoever waits "
          "for them") {
  troupe::pool failing{rt(), {.processes = 1, .initializer = troupe::call(throwing_initializer)}};
  CHECK_THROWS_AS(failing.ready()(asio::use_future).get(), troupe::start_failed);
  troupe::queue<int> values{rt(), 1};
  troupe::pool closing{rt(), {.processes = 1, .initializer = troupe::call(wait_for_value, values)}};
  auto never = closing.ready()(asio::use_future);
  closing.terminate();
  CHECK_THROWS_AS(never.get(), troupe::pool_closed);
  closing.join();
  CHECK_THROWS_AS(closing.ready()(asio::use_future).get(), troupe::pool_closed);
}

TEST_CASE("the wait for a pool's children can lose against a timer") {
  troupe::queue<int> values{rt(), 1};
  troupe::pool pool{rt(), {.processes = 1, .initializer = troupe::call(wait_for_value, values)}};
  rt().run([&]() -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
    const auto first =
      co_await (pool.ready()(asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    CHECK(first.index() == 1);
    co_await values.async_push(1);
    co_await pool.ready();
  });
}
