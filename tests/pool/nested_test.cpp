// Tasks that submit tasks to the pool that runs them. In aiomultiprocess that is not possible.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
namespace asio = boost::asio;

namespace {

using handle = troupe::pool_handle;

int fib(handle pool, int n) {
  if (n < 2)
    return n;
  auto first = pool.apply(fib, pool, n - 1);
  auto second = pool.apply(fib, pool, n - 2);
  return first.get() + second.get();
}

asio::awaitable<int> fib_awaiting(handle pool, int n) {
  if (n < 2)
    co_return n;
  auto first = pool.apply(fib_awaiting, pool, n - 1);
  auto second = pool.apply(fib_awaiting, pool, n - 2);
  const int a = co_await std::move(first);
  const int b = co_await std::move(second);
  co_return a + b;
}

int fib_blocking(handle pool, int n) {
  if (n < 2)
    return n;
  auto first = pool.apply(troupe::blocking(fib_blocking), pool, n - 1);
  auto second = pool.apply(troupe::blocking(fib_blocking), pool, n - 2);
  return first.get() + second.get();
}

// Each level is of another kind than the one above.
asio::awaitable<int> fib_mixed_awaiting(handle pool, int n);

int fib_mixed_blocking(handle pool, int n) {
  if (n < 2)
    return n;
  auto first = pool.apply(fib_mixed_awaiting, pool, n - 1);
  return first.get() + pool.apply(fib, pool, n - 2).get();
}

asio::awaitable<int> fib_mixed_awaiting(handle pool, int n) {
  if (n < 2)
    co_return n;
  auto first = pool.apply(fib, pool, n - 1);
  auto second = pool.apply(troupe::blocking(fib_mixed_blocking), pool, n - 2);
  const int a = co_await std::move(first);
  const int b = co_await std::move(second);
  co_return a + b;
}

int depth(handle pool, int n) {
  return n == 0 ? 0 : 1 + pool.apply(depth, pool, n - 1).get();
}

asio::awaitable<int> depth_awaiting(handle pool, int n) {
  if (n == 0)
    co_return 0;
  auto next = pool.apply(depth_awaiting, pool, n - 1);
  co_return 1 + co_await std::move(next);
}

int fail(int n) {
  return std::vector<int>{1, 2}.at(static_cast<std::size_t>(n));
}

int fail_below(handle pool, int levels) {
  if (levels == 0)
    return fail(7);
  return pool.apply(fail_below, pool, levels - 1).get();
}

void sleep_long() {
  std::this_thread::sleep_for(1h);
}

} // namespace

TEST_CASE("a task of each kind submits to the pool that runs it") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  CHECK(pool.apply(square_through, pool.handle(), 3).get() == 9);
  CHECK(pool.apply(troupe::blocking(square_through), pool.handle(), 4).get() == 16);
  auto awaited = pool.apply(
    [](handle inner) -> asio::awaitable<int> {
      auto result = inner.apply(square, 5);
      co_return co_await std::move(result);
    },
    pool.handle());
  CHECK(awaited.get() == 25);
}

TEST_CASE("recursion over the pool cannot deadlock") {
  for (const std::size_t processes : {1, 2}) {
    INFO(processes << " processes");
    troupe::pool pool{rt(), {.processes = processes, .childconcurrency = 1}};
    CHECK(pool.apply(fib, pool.handle(), 13).get() == 233);
    CHECK(pool.apply(fib_awaiting, pool.handle(), 13).get() == 233);
    CHECK(pool.apply(troupe::blocking(fib_blocking), pool.handle(), 11).get() == 89);
    CHECK(pool.apply(fib_mixed_awaiting, pool.handle(), 12).get() == 144);
  }
}

TEST_CASE("blocking functions that have fewer threads than places recurse as well") {
  troupe::pool pool{rt(),
    {.processes = 1, .childconcurrency = 4, .loop_initializer = [](troupe::loop_options& options) {
       options.blocking_threads = 1;
     }}};
  CHECK(pool.apply(troupe::blocking(fib_blocking), pool.handle(), 9).get() == 34);
}

TEST_CASE("recursions beside each other cannot deadlock either") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 2}};
  std::vector<troupe::task_future<int>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(pool.apply(fib, pool.handle(), 9));
    all.push_back(pool.apply(fib_awaiting, pool.handle(), 9));
    all.push_back(pool.apply(troupe::blocking(fib_blocking), pool.handle(), 7));
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(all[i].get() == (i % 3 == 2 ? 13 : 34));
}

TEST_CASE("many functions that all wait for the pool leave it room to go on") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  std::vector<troupe::task_future<int>> all;
  for (int i = 0; i < 500; ++i)
    all.push_back(pool.apply(square_through, pool.handle(), i));
  for (int i = 0; i < 500; ++i)
    CHECK(all[static_cast<std::size_t>(i)].get() == i * i);
}

TEST_CASE("a recursion may be hundreds of tasks deep") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  CHECK(pool.apply(depth, pool.handle(), 300).get() == 300);
  CHECK(pool.apply(depth_awaiting, pool.handle(), 2000).get() == 2000);
}

TEST_CASE("an endless recursion is an error, and not the end of a child") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  const auto pid = pool.apply(::getpid).get();
  CHECK_THROWS_AS(pool.apply(depth, pool.handle(), 1'000'000).get(), troupe::proxy_exception);
  CHECK_THROWS_AS(
    pool.apply(depth_awaiting, pool.handle(), 1'000'000).get(), troupe::proxy_exception);
  CHECK(pool.apply(::getpid).get() == pid);
}

TEST_CASE("a task maps over its own pool") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto sum = pool.apply(
    [](handle inner) {
      int total = 0;
      for (const int value : inner.map(square, std::views::iota(0, 1000)))
        total += value;
      return total;
    },
    pool.handle());
  CHECK(sum.get() == 332'833'500);
  auto awaited = pool.apply(
    [](handle inner) -> asio::awaitable<int> {
      int total = 0;
      auto results = inner.map(square, std::views::iota(0, 1000));
      while (const auto value = co_await results.next())
        total += *value;
      co_return total;
    },
    pool.handle());
  CHECK(awaited.get() == 332'833'500);
}

TEST_CASE("a task takes the results of a map over its own pool in the order of their completion") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto sum = pool.apply(
    [](handle inner) {
      int total = 0;
      for (const auto& item : inner.map_unordered(square, std::views::iota(0, 1000)))
        total += item.value();
      return total;
    },
    pool.handle());
  CHECK(sum.get() == 332'833'500);
  auto awaited = pool.apply(
    [](handle inner) -> asio::awaitable<int> {
      int total = 0;
      auto results = inner.map_unordered(square, std::views::iota(0, 1000));
      while (const auto item = co_await results.next())
        total += item->value();
      co_return total;
    },
    pool.handle());
  CHECK(awaited.get() == 332'833'500);
}

TEST_CASE("tasks that wait for any result of a map lend their places to its tasks") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  auto plain = pool.apply(
    [](handle inner) {
      std::size_t seen = 0;
      for (const auto& item : inner.map_unordered(square, std::views::iota(0, 20)))
        seen += item.has_value() ? 1 : 0;
      return seen;
    },
    pool.handle());
  CHECK(plain.get() == 20);
  auto coroutine = pool.apply(
    [](handle inner) -> asio::awaitable<std::size_t> {
      std::size_t seen = 0;
      auto results = inner.map_unordered(
        [](int x) -> asio::awaitable<int> { co_return x; }, std::views::iota(0, 20));
      while (const auto item = co_await results.next())
        seen += item->has_value() ? 1 : 0;
      co_return seen;
    },
    pool.handle());
  CHECK(coroutine.get() == 20);
}

TEST_CASE("a task maps tuples over its own pool") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto products = pool.apply(
    [](handle inner) {
      const std::vector<std::tuple<int, int>> pairs{{1, 2}, {3, 4}, {5, 6}};
      return inner.starmap([](int a, int b) { return a * b; }, pairs).get();
    },
    pool.handle());
  CHECK(products.get() == std::vector<int>{2, 12, 30});
}

TEST_CASE("an exception passes through the levels as what it was, and tells where it began") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  for (const int levels : {1, 2, 40}) {
    INFO(levels << " levels");
    try {
      pool.apply(fail_below, pool.handle(), levels).get();
      FAIL("nothing was thrown");
    } catch (const std::out_of_range& e) {
      const auto& proxy = dynamic_cast<const troupe::proxy_exception&>(e);
      CHECK(proxy.type() == "std::out_of_range");
      CHECK_THAT(e.what(), ContainsSubstring("_M_range_check"));
      CHECK_FALSE(proxy.frames().empty());
      CHECK(proxy.task() > 0);
      CHECK(proxy.pid() > 0);
    }
  }
}

TEST_CASE("a task may catch what its own task threw") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto caught = pool.apply(
    [](handle inner) {
      try {
        return std::to_string(inner.apply(fail, 9).get());
      } catch (const std::out_of_range&) {
        return std::string("out of range");
      }
    },
    pool.handle());
  CHECK(caught.get() == "out of range");
}

TEST_CASE("a task learns that the child of its own task died") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 1}};
  auto told = pool.apply(troupe::blocking([](handle inner) {
    // The two run in one child or in two; in one, both would be lost.
    try {
      inner
        .apply(
          [](pid_t other) {
            if (other != ::getpid())
              ::raise(SIGKILL);
            return other;
          },
          ::getpid())
        .get();
      return 0;
    } catch (const troupe::child_lost& e) {
      return e.signal();
    }
  }),
    pool.handle());
  // Which child has the inner task is the pool's choice.
  const int signal = told.get();
  CHECK((signal == 0 || signal == SIGKILL));
}

TEST_CASE("a task that is killed while its nested task runs is lost, and the nested one goes on") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 1}};
  troupe::queue<pid_t> pids{rt(), 2};
  troupe::queue<int> gate{rt(), 1};
  troupe::queue<int> ends{rt(), 1};
  auto outer = pool.apply(
    [](handle h, troupe::queue<pid_t> to, troupe::queue<int> from, troupe::queue<int> end) {
      to.push(::getpid());
      auto nested = h.apply(
        [](troupe::queue<pid_t> a, troupe::queue<int> b,
          troupe::queue<int> c) -> asio::awaitable<void> {
          co_await a.async_push(::getpid());
          const auto value = co_await b.async_pop();
          co_await c.async_push(*value);
        },
        to, from, end);
      nested.get();
    },
    pool.handle(), pids, gate, ends);
  const auto outer_pid = pids.pop().value();
  const auto inner_pid = pids.pop().value();
  REQUIRE(::kill(outer_pid, SIGKILL) == 0);
  CHECK_THROWS_AS(outer.get(), troupe::child_lost);
  if (inner_pid != outer_pid) {
    gate.push(5);
    CHECK(ends.pop() == 5);
  }
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("the child that runs a nested task is killed: it is lost, and who waits for it is told") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  troupe::queue<pid_t> pids{rt(), 1};
  auto outer = pool.apply(
    [](handle h, troupe::queue<pid_t> to) {
      h.apply(
         [](troupe::queue<pid_t> started) {
           started.push(::getpid());
           sleep_long();
         },
         to)
        .get();
    },
    pool.handle(), pids);
  REQUIRE(::kill(pids.pop().value(), SIGKILL) == 0);
  try {
    outer.get();
    FAIL("the task had a value");
  } catch (const troupe::child_lost& lost) {
    CHECK_FALSE(lost.culprit()); // the one on top of it was on the CPU
    REQUIRE(lost.suspects().size() == 1);
    CHECK(lost.suspects().front() != lost.task());
  }
}

TEST_CASE("a pool that was closed takes what its running tasks submit, and drains") {
  for (const std::size_t tasks_per_child : {0, 1}) {
    INFO("maxtasksperchild " << tasks_per_child);
    troupe::pool pool{
      rt(), {.processes = 2, .maxtasksperchild = tasks_per_child, .childconcurrency = 1}};
    troupe::queue<int> gate{rt(), 1};
    auto outer = pool.apply(
      [](handle inner, troupe::queue<int> from) {
        from.pop();
        return inner.apply(square_through, inner, 6).get();
      },
      pool.handle(), gate);
    pool.close();
    CHECK_THROWS_AS(pool.handle().apply(square, 1), troupe::pool_closed);
    gate.push(1);
    CHECK(outer.get() == 36);
    pool.join();
  }
}

TEST_CASE("a task that was submitted and not waited for is run before its pool has drained") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> done{rt(), 1};
  troupe::queue<int> gate{rt(), 1};
  auto outer = pool.apply(
    [](handle inner, troupe::queue<int> from, troupe::queue<int> to) {
      from.pop();
      inner.apply([](troupe::queue<int> out) { out.push(1); }, to);
    },
    pool.handle(), gate, done);
  pool.close();
  gate.push(1);
  pool.join();
  outer.get();
  CHECK(done.try_pop() == 1);
}

TEST_CASE("terminating a pool ends tasks that wait for each other") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  troupe::queue<int> started{rt(), 1};
  auto outer = pool.apply(
    [](handle inner, troupe::queue<int> to) {
      inner
        .apply(
          [](troupe::queue<int> out) {
            out.push(1);
            sleep_long();
          },
          to)
        .get();
    },
    pool.handle(), started);
  started.pop();
  pool.terminate();
  pool.join();
  CHECK_THROWS_AS(outer.get(), troupe::task_cancelled);
}

TEST_CASE("a nested task can be cancelled before it is started") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  auto outer = pool.apply(
    [](handle inner) -> asio::awaitable<bool> {
      // This coroutine has the child's only place until it waits for its pool.
      auto nested = inner.apply(troupe::blocking(sleep_long));
      nested.cancel();
      asio::steady_timer timer(co_await asio::this_coro::executor);
      while (!nested.done()) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
      }
      try {
        nested.get();
        co_return false;
      } catch (const troupe::task_cancelled&) {
        co_return true;
      }
    },
    pool.handle());
  CHECK(outer.get());
}

TEST_CASE("waiting for a nested task ends at its deadline, and the task goes on") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 2}};
  for (const bool blocking : {false, true}) {
    troupe::queue<int> gate{rt(), 1};
    const auto wait_briefly = [](handle inner, troupe::queue<int> from) {
      auto nested = inner.apply(
        [](troupe::queue<int> in) -> asio::awaitable<int> {
          const auto value = co_await in.async_pop();
          co_return *value;
        },
        from);
      if (nested.wait_for(5ms))
        return -1;
      from.push(8);
      return nested.get();
    };
    auto outer = blocking ? pool.apply(troupe::blocking(wait_briefly), pool.handle(), gate)
                          : pool.apply(wait_briefly, pool.handle(), gate);
    CHECK(outer.get() == 8);
  }
}

TEST_CASE("a task submits to another pool") {
  troupe::pool one{rt(), {.processes = 1, .childconcurrency = 1}};
  troupe::pool other{rt(), {.processes = 1, .childconcurrency = 1}};
  CHECK(one.apply(square_through, other.handle(), 7).get() == 49);
  const auto late = other.handle();
  other.close();
  other.join();
  auto refused = one.apply(
    [](handle closed) {
      try {
        closed.apply(square, 1).get();
        return false;
      } catch (const troupe::pool_closed&) {
        return true;
      }
    },
    late);
  CHECK(refused.get());
}

TEST_CASE("a handle works in the parent as its pool does") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto here = pool.handle();
  CHECK(here.apply(square, 4).get() == 16);
  CHECK(here.map(square, std::vector{1, 2, 3}).get() == std::vector<int>{1, 4, 9});
  const auto returned = pool.apply([](handle h) { return h; }, here).get();
  CHECK(handle(returned).apply(square, 5).get() == 25);
  CHECK_THROWS_AS(handle().apply(square, 1), std::logic_error);
  CHECK_THROWS_AS(pool.apply(square_through, handle(), 1), troupe::encode_error);
}

TEST_CASE("a coroutine may not block its child to wait for a nested task") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto outer = pool.apply(
    [](handle inner) -> asio::awaitable<int> {
      auto nested = inner.apply(square, 2);
      co_return nested.get();
    },
    pool.handle());
  CHECK_THROWS_WITH(outer.get(), ContainsSubstring("use co_await there"));
}

TEST_CASE("while a plain function waits for its pool, coroutines of its child go on") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
  troupe::queue<int> ticks{rt(), 1000};
  auto ticking = pool.apply(
    [](troupe::queue<int> to) -> asio::awaitable<void> {
      for (int i = 0; i < 3; ++i)
        co_await to.async_push(i);
    },
    ticks);
  ticking.get();
  auto outer = pool.apply(
    [](handle inner, troupe::queue<int> both) {
      // The nested coroutine needs steps of the loop that this function stands on.
      return inner
        .apply(
          [](troupe::queue<int> from) -> asio::awaitable<int> {
            int sum = 0;
            for (int i = 0; i < 3; ++i)
              sum += (co_await from.async_pop()).value();
            co_return sum;
          },
          both)
        .get();
    },
    pool.handle(), ticks);
  CHECK(outer.get() == 3);
}

TEST_CASE("options of a nested task are the pool's to see") {
  troupe::pool pool{rt(), {.processes = 2, .cancel_grace = 10'000ms}};
  auto timed_out = pool.apply(
    [](handle inner) {
      const auto nested_sleep = []() -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
        co_await timer.async_wait(asio::use_awaitable);
      };
      try {
        inner.apply(troupe::task_options{.name = "nested", .timeout = 5ms}, nested_sleep).get();
        return std::string("it ended");
      } catch (const troupe::task_timeout& e) {
        return std::string(e.what());
      }
    },
    pool.handle());
  CHECK_THAT(timed_out.get(), ContainsSubstring("nested"));
  auto refused = pool.apply(
    [](handle inner) {
      inner.apply(
        troupe::task_options{.retries = {.retry_on = troupe::retry_on<std::exception>}}, square, 1);
    },
    pool.handle());
  CHECK_THROWS_WITH(refused.get(), ContainsSubstring("retry_on cannot be given inside a child"));
}

TEST_CASE("a nested task is retried as any other") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto attempts = pool.apply(
    [](handle inner) {
      return inner
        .apply(troupe::task_options{.retries = {.max_attempts = 3, .backoff = 1ms}},
          [] {
            if (troupe::this_task::attempt() < 3)
              throw std::runtime_error("not yet");
            return troupe::this_task::attempt();
          })
        .get();
    },
    pool.handle());
  CHECK(attempts.get() == 3);
}

TEST_CASE("a running nested task can be cancelled by the task that submitted it") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 10'000ms}};
  troupe::queue<int> started{rt(), 1};
  auto outer = pool.apply(
    [](handle inner, troupe::queue<int> signs) -> asio::awaitable<bool> {
      auto nested = inner.apply(
        [](troupe::queue<int> to) -> asio::awaitable<void> {
          co_await to.async_push(1);
          asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
          co_await timer.async_wait(asio::use_awaitable);
        },
        signs);
      co_await signs.async_pop();
      nested.cancel();
      try {
        co_await nested;
        co_return false;
      } catch (const troupe::task_cancelled&) {
        co_return true;
      }
    },
    pool.handle(), started);
  CHECK(outer.get());
}

TEST_CASE("nested tasks do not wait for room in a full backlog") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1, .max_queue = 1}};
  CHECK(pool.apply(fib, pool.handle(), 9).get() == 34);
}
