#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using troupe::test::rt;
using troupe::test::square;

namespace {

// Without a default constructor; some cannot be sent, and some cannot be received.
class account {
public:
  explicit account(int number)
    : number_(number) {}
  int number() const { return number_; }

private:
  int number_;
};

} // namespace

template <>
struct troupe::codec<account> {
  static void encode(encoder& out, const account& value) {
    if (value.number() == 13)
      throw std::runtime_error("13 stays");
    out(value.number());
  }
  static account decode(decoder& in) {
    const auto number = in.make<int>();
    if (number == 14)
      throw std::runtime_error("14 is broken");
    return account(number);
  }
};

namespace {

int add(int a, int b) {
  return a + b;
}

struct point {
  int x = 0;
  double y = 0;
  std::vector<std::string> names;
};

point mirrored(const point& p) {
  return {-p.x, -p.y, {p.names.rbegin(), p.names.rend()}};
}

std::size_t length(std::string_view text) {
  return text.size();
}

asio::awaitable<std::string> echo_later(std::string text) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return text + "!";
}

asio::awaitable<void> nap(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

} // namespace

TEST_CASE("apply runs a function in a child and returns its value") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 3).get() == 9);
  CHECK(pool.apply([](int x) { return x + 1; }, 3).get() == 4);
  CHECK(pool.apply([](auto a, auto b) { return a + b; }, 2, 0.5).get() == 2.5);
  CHECK(pool.apply(::getpid).get() != ::getpid());
  CHECK(pool.apply(length, "four").get() == 4);
  pool.apply([] {}).get();
}

TEST_CASE("aggregates and containers travel without any code") {
  troupe::pool pool{rt(), {.processes = 1}};
  const point p = pool.apply(mirrored, point{1, 2.5, {"a", "b"}}).get();
  CHECK(p.x == -1);
  CHECK(p.y == -2.5);
  CHECK(p.names == std::vector<std::string>{"b", "a"});
  const auto counts = pool
                        .apply(
                          [](const std::list<std::string>& words) {
                            std::map<std::string, int> result;
                            for (const auto& word : words)
                              ++result[word];
                            return result;
                          },
                          std::list<std::string>{"x", "y", "x"})
                        .get();
  CHECK(counts == std::map<std::string, int>{{"x", 2}, {"y", 1}});
}

TEST_CASE("arguments are converted to the function's own parameter types by the caller") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 3.9).get() == 9);
  CHECK(pool.apply([](std::string s) { return s; }, "literal").get() == "literal");
  CHECK(pool.apply([](std::optional<int> o) { return o.value_or(-1); }, 5).get() == 5);
}

TEST_CASE("an argument whose sign does not fit into the parameter is an error of the call") {
  const auto size_of = [](std::size_t size) { return size; };
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(size_of, 3).get() == 3);
  CHECK_THROWS_WITH(pool.apply(size_of, -3), "an argument, -3, does not fit into the function's "
                                             "parameter type, which has no negative values");
  CHECK_THROWS_AS(pool.apply(square, 4'000'000'000u), troupe::encode_error);
}

TEST_CASE(
  "what a codec throws is the error of its task, wherever it throws, and the child lives on") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto pid = pool.apply(::getpid).get();
  const auto shifted = [](account from, int by) { return account(from.number() + by); };
  CHECK(pool.apply(shifted, account(5), 6).get().number() == 11);
  CHECK_THROWS_WITH(pool.apply(shifted, account(13), 1), "13 stays");           // by the call
  CHECK_THROWS_WITH(pool.apply(shifted, account(14), 1).get(), "14 is broken"); // in the child
  CHECK_THROWS_WITH(pool.apply(shifted, account(12), 1).get(), "13 stays");     // its result
  CHECK_THROWS_WITH(pool.apply(shifted, account(1), 13).get(), "14 is broken"); // in the parent
  CHECK(pool.apply(::getpid).get() == pid);
}

TEST_CASE("a pool maps a range in order, as a whole and one by one") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto all = pool.map(square, std::views::iota(0, 1000)).get();
  REQUIRE(all.size() == 1000);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(all[static_cast<std::size_t>(i)] == i * i);
  std::vector<int> iterated;
  for (int v : pool.map(square, std::vector{1, 2, 3}))
    iterated.push_back(v);
  CHECK(iterated == std::vector{1, 4, 9});
  CHECK(pool.starmap(add, std::vector<std::tuple<int, int>>{{1, 2}, {3, 4}}).get() ==
        std::vector{3, 7});
  CHECK(pool.map(square, std::vector<int>{}).get().empty());
  CHECK(pool.map([](int) {}, std::vector{1, 2}).get().size() == 2);
}

TEST_CASE("an input longer than the buffer is read as results are taken") {
  troupe::pool pool{rt(), {.processes = 1}};
  int read = 0;
  auto counted =
    std::views::iota(0, 1000) | std::views::transform([&read](int i) { return ++read, i; });
  auto results = pool.map(troupe::map_options{.buffersize = 10}, square, counted);
  CHECK(read == 10);
  int expected = 0;
  for (int v : results) {
    REQUIRE(v == expected * expected);
    ++expected;
    REQUIRE(read <= expected + 10);
  }
  CHECK(expected == 1000);
}

TEST_CASE("an infinite input works in bounded memory") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto squares = pool.map(troupe::map_options{.buffersize = 64}, square, std::views::iota(0));
  int taken = 0;
  for (int v : squares) {
    REQUIRE(v == taken * taken);
    if (++taken == 1000)
      break;
  }
  squares.cancel();
}

TEST_CASE("map_unordered gives each result with its index") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::set<std::size_t> seen;
  const auto throw_on_7 = [](int i) {
    if (i == 7)
      throw std::out_of_range("seven");
    return i * 2;
  };
  for (auto& item : pool.map_unordered(throw_on_7, std::views::iota(0, 100))) {
    CHECK(seen.insert(item.index()).second);
    if (item.index() == 7) {
      CHECK(item.error() != nullptr);
      CHECK_THROWS_AS(item.value(), std::out_of_range);
    } else {
      CHECK(item.value() == static_cast<int>(item.index()) * 2);
    }
  }
  CHECK(seen.size() == 100);
}

TEST_CASE("a map whose item failed still has all its other values") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto throw_on_1 = [](int i) {
    if (i == 1)
      throw std::runtime_error("one");
    return i;
  };
  auto results = pool.map(throw_on_1, std::vector{0, 1, 2});
  CHECK(results.next_blocking() == 0);
  CHECK_THROWS_AS(results.next_blocking(), std::runtime_error);
  CHECK(results.next_blocking() == 2);
  CHECK(results.next_blocking() == std::nullopt);
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
    auto unordered = pool.map_unordered(echo_later, two);
    std::size_t count = 0;
    while (auto item = co_await unordered.next())
      count += item->value().size();
    co_return result + std::to_string(count);
  });
  CHECK(text == "a!b!c!d!4");
}

TEST_CASE("a future that has a name can be awaited, so tasks of one coroutine run side by side") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto text = rt().run([&]() -> asio::awaitable<std::string> {
    auto first = pool.apply(echo_later, "a");
    auto second = pool.apply(echo_later, "b");
    const std::string one = co_await first;
    co_return one + co_await second;
  });
  CHECK(text == "a!b!");
}

TEST_CASE(
  "a coroutine that awaits very many futures that are done does not pile them up on its stack") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<troupe::task_future<int>> tasks;
  for (int i = 0; i < 30'000; ++i)
    tasks.push_back(pool.apply(square, i % 100));
  for (auto& task : tasks)
    task.wait();
  long long sum = 0;
  rt().run([&]() -> asio::awaitable<void> {
    for (auto& task : tasks)
      sum += co_await task;
  });
  CHECK(sum == 300 * 328'350LL);
}

TEST_CASE("a coroutine that waits for a failed task gets its exception") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto fails = [](int) -> int { throw std::domain_error("no"); };
  const bool caught = rt().run([&]() -> asio::awaitable<bool> {
    try {
      co_await pool.apply(fails, 1);
    } catch (const std::domain_error&) {
      co_return true;
    }
    co_return false;
  });
  CHECK(caught);
}

TEST_CASE("blocking on the event loop's own thread is refused") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_AS(
    rt().run([&]() -> asio::awaitable<int> { co_return pool.apply(nap, 5ms).get(), 1; }),
    std::logic_error);
}

TEST_CASE("coroutines of a child run at the same time") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 64}};
  // Each waits until all 64 are there: one after the other, they would wait for ever.
  const auto meet = []() -> asio::awaitable<int> {
    static int arrived = 0;
    ++arrived;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (arrived < 64) {
      timer.expires_after(1ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return arrived;
  };
  std::vector<troupe::task_future<int>> all;
  for (int i = 0; i < 64; ++i)
    all.push_back(pool.apply(meet));
  for (auto& one : all)
    CHECK(one.get() == 64);
}

TEST_CASE("no more than childconcurrency coroutines of a child are active") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 3}};
  const auto count_active = [](int) -> asio::awaitable<int> {
    static int active = 0;
    ++active;
    asio::steady_timer timer(co_await asio::this_coro::executor, 2ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return active--;
  };
  const auto counts = pool.map(count_active, std::views::iota(0, 30)).get();
  CHECK(*std::max_element(counts.begin(), counts.end()) <= 3);
}

TEST_CASE("blocking functions of a child run at the same time, on other threads than its loop") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 4}};
  const auto meet = troupe::blocking([] {
    static std::atomic<int> arrived = 0;
    ++arrived;
    while (arrived < 4)
      std::this_thread::yield();
    return ::gettid() != ::getpid();
  });
  std::vector<troupe::task_future<bool>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(pool.apply(meet));
  for (auto& one : all)
    CHECK(one.get());
}

TEST_CASE("plain functions of a child never run at the same time") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 8}};
  const auto alone = [](int) {
    static int inside = 0;
    const int seen = ++inside;
    std::this_thread::sleep_for(1ms);
    --inside;
    return seen;
  };
  for (int seen : pool.map(alone, std::views::iota(0, 20)))
    CHECK(seen == 1);
}

TEST_CASE("many threads can use one pool at the same time") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&pool, &right, t] {
      for (int i = 0; i < 200; ++i)
        right += pool.apply(add, t, i).get() == t + i ? 1 : 0;
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(right == 800);
}

TEST_CASE("a future can be waited for with a timeout, and read twice") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto future = pool.apply(nap, 50ms);
  CHECK_FALSE(future.wait_for(0ms));
  CHECK(future.wait_for(60s));
  CHECK(future.done());
  auto nine = pool.apply(square, 3);
  CHECK(nine.get() == 9);
  CHECK(nine.get() == 9);
}

TEST_CASE("a task that has not been started can be cancelled") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto blocker = pool.apply([] { std::this_thread::sleep_for(100ms); });
  std::vector<troupe::task_future<int>> waiting;
  for (int i = 0; i < 100; ++i)
    waiting.push_back(pool.apply(square, i));
  waiting.back().cancel();
  CHECK_THROWS_AS(waiting.back().get(), troupe::task_cancelled);
  CHECK(waiting.front().get() == 0);
}

TEST_CASE("dropped futures leak nothing and cancel nothing") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (int i = 0; i < 1000; ++i)
    pool.apply(square, i);
  pool.close();
  pool.join();
  SUCCEED("all of them were run");
}

TEST_CASE("results that find their ring full wait for room, unharmed") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto text_of = [](int i) { return std::string(3000, static_cast<char>('a' + i % 26)); };
  pool.map(text_of, std::views::iota(0, 1000))
    .get(); // they are known to be short: many are sent ahead
  auto results = pool.map(text_of, std::views::iota(0, 2000));
  for (int round = 0; round < 10; ++round) // the parent's loop looks away
    rt().run([]() -> asio::awaitable<void> {
      std::this_thread::sleep_for(5ms);
      co_return;
    });
  int i = 0;
  for (const auto& text : results) {
    REQUIRE(text == text_of(i));
    ++i;
  }
  CHECK(i == 2000);
}

TEST_CASE("arguments and results of many megabytes go both ways at once") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto reverse = [](std::vector<std::uint8_t> data) {
    std::reverse(data.begin(), data.end());
    return data;
  };
  std::vector<std::uint8_t> data(16 * 1024 * 1024);
  std::iota(data.begin(), data.end(), std::uint8_t{0});
  auto results = pool.map(reverse, std::vector(4, data));
  std::reverse(data.begin(), data.end());
  for (const auto& result : results)
    CHECK((result == data));
}
