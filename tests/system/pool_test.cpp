#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <numeric>
#include <ranges>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using troupe::test::rt;

namespace {

int square(int x) {
  return x * x;
}

int add(int a, int b) {
  return a + b;
}

asio::awaitable<std::string> echo_later(std::string text) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return text + "!";
}

} // namespace

TEST_CASE("apply runs a function in a child and returns its value") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 3).get() == 9);
  CHECK(pool.apply([](int x) { return x + 1; }, 3).get() == 4);
  CHECK(pool.apply(::getpid).get() != ::getpid());
}

TEST_CASE("a pool maps a range in order, as a whole and one by one") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto all = pool.map(square, std::views::iota(0, 1000)).get();
  REQUIRE(all.size() == 1000);
  for (int i = 0; i < 1000; ++i)
    CHECK(all[static_cast<std::size_t>(i)] == i * i);
  std::vector<int> iterated;
  for (int v : pool.map(square, std::vector{1, 2, 3}))
    iterated.push_back(v);
  CHECK(iterated == std::vector{1, 4, 9});
  CHECK(pool.starmap(add, std::vector<std::tuple<int, int>>{{1, 2}, {3, 4}}).get()
        == std::vector{3, 7});
}

TEST_CASE("a pool runs coroutines, and can be used from coroutines") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(echo_later, "hello").get() == "hello!");
  const std::vector<std::string> two{"a", "b"};
  const std::vector<std::string> one_more{"d"};
  const auto text = rt().run([&]() -> asio::awaitable<std::string> {
    std::string result;
    auto results = pool.map(echo_later, two);
    while (auto one = co_await results.next())
      result += *one;
    result += co_await pool.apply(echo_later, "c");
    for (const auto& one : co_await pool.map(echo_later, one_more))
      result += one;
    co_return result;
  });
  CHECK(text == "a!b!c!d!");
}
