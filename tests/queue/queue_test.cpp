// A queue between the parent and its children. In aiomultiprocess this takes a Manager process.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <future>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
namespace asio = boost::asio;

namespace {

using numbers = troupe::queue<int>;

std::vector<int> consume(numbers from) {
  std::vector<int> got;
  while (const auto value = from.pop())
    got.push_back(*value);
  return got;
}

asio::awaitable<std::vector<int>> consume_awaiting(numbers from) {
  std::vector<int> got;
  while (const auto value = co_await from.async_pop())
    got.push_back(*value);
  co_return got;
}

void produce(numbers to, int begin, int end) {
  for (int i = begin; i < end; ++i)
    to.push(i);
}

asio::awaitable<void> produce_awaiting(numbers to, int begin, int end) {
  for (int i = begin; i < end; ++i)
    co_await to.async_push(i);
}

std::vector<int> count_to(int end) {
  std::vector<int> all(static_cast<std::size_t>(end));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// All that several consumers got, sorted.
std::vector<int> together(std::vector<troupe::task_future<std::vector<int>>>& consumers) {
  std::vector<int> all;
  for (auto& one : consumers) {
    const auto got = one.get();
    CHECK(std::is_sorted(got.begin(), got.end()));
    all.insert(all.end(), got.begin(), got.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

pid_t pid_then_pop(troupe::queue<pid_t> pids, numbers from) {
  pids.push(::getpid());
  return from.pop() ? 1 : 0;
}

// An initializer that keeps a queue for the tasks.
numbers kept;
void keep(numbers q) {
  q.push(static_cast<int>(troupe::this_child::slot()));
  kept = q;
}

struct message {
  std::string text;
  std::vector<double> values;
  friend bool operator==(const message&, const message&) = default;
};

message echo(troupe::queue<message> from, troupe::queue<message> to) {
  auto got = from.pop().value();
  got.text += "!";
  to.push(got);
  return got;
}

} // namespace

TEST_CASE("what the parent pushes a child pops, in order") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 10};
  auto got = pool.apply(consume, q);
  produce(q, 0, 1000);
  q.close();
  CHECK(got.get() == count_to(1000));
}

TEST_CASE("what a child pushes the parent pops, in order") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 10};
  auto done = pool.apply(produce, q, 0, 1000);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(q.pop() == i);
  done.get();
}

TEST_CASE("a queue in the parent alone") {
  numbers q{rt(), 2};
  std::jthread producer([q]() mutable {
    produce(q, 0, 100);
    q.close();
  });
  CHECK(consume(q) == count_to(100));
}

TEST_CASE("many producers and consumers of every kind, in parent and children") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 8}};
  numbers q{rt(), 7};
  std::vector<troupe::task_future<std::vector<int>>> consumers;
  std::vector<troupe::task_future<void>> producers;
  for (int i = 0; i < 2; ++i) {
    consumers.push_back(pool.apply(consume_awaiting, q));
    consumers.push_back(pool.apply(troupe::blocking(consume), q));
    producers.push_back(pool.apply(produce_awaiting, q, 400 * i, 400 * i + 200));
    producers.push_back(pool.apply(troupe::blocking(produce), q, 400 * i + 200, 400 * i + 400));
  }
  produce(q, 800, 1000);
  for (auto& one : producers)
    one.get();
  q.close();
  std::vector<int> all;
  for (auto& one : consumers) {
    const auto got = one.get();
    all.insert(all.end(), got.begin(), got.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(all == count_to(1000));
}

TEST_CASE("each consumer sees the values in their order") {
  troupe::pool pool{rt(), {.processes = 2}};
  numbers q{rt(), 4};
  std::vector<troupe::task_future<std::vector<int>>> consumers;
  for (int i = 0; i < 4; ++i)
    consumers.push_back(pool.apply(consume_awaiting, q));
  produce(q, 0, 500);
  q.close();
  CHECK(together(consumers) == count_to(500));
}

TEST_CASE("a queue is awaited in the parent as well") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers there{rt(), 3};
  numbers back{rt(), 3};
  auto relay = pool.apply(
    [](numbers from, numbers to) -> asio::awaitable<void> {
      while (const auto value = co_await from.async_pop())
        co_await to.async_push(*value * 2);
      to.close();
    },
    there, back);
  auto feeding = std::thread([there]() mutable {
    produce(there, 0, 100);
    there.close();
  });
  int sum = 0;
  rt().run([&]() -> asio::awaitable<void> {
    while (const auto value = co_await back.async_pop())
      sum += *value;
  });
  feeding.join();
  relay.get();
  CHECK(sum == 9900);
}

TEST_CASE("a full queue holds its producer back") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 3};
  auto pushed = pool.apply(
    [](numbers to) {
      int count = 0;
      while (to.push_for(count, 50ms))
        ++count;
      return count;
    },
    q);
  CHECK(pushed.get() == 3);
  CHECK_FALSE(q.try_push(9));
  CHECK(q.try_pop() == 0);
  CHECK(q.try_push(9));
  CHECK(q.pop() == 1);
  CHECK(q.pop() == 2);
  CHECK(q.pop() == 9);
  CHECK(q.try_pop() == std::nullopt);
  CHECK(q.pop_for(1ms) == std::nullopt);
}

TEST_CASE("closing a queue ends all who wait, on both sides") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  numbers empty{rt(), 1};
  numbers full{rt(), 1};
  full.push(0);
  auto coroutine = pool.apply(consume_awaiting, empty);
  auto blocking = pool.apply(troupe::blocking(consume), empty);
  auto pushing = pool.apply(troupe::blocking(produce), full, 1, 2);
  // Assertions are for one thread.
  auto popped_here = std::async(std::launch::async, [empty]() mutable { return empty.pop(); });
  auto pushed_here = std::async(std::launch::async, [full]() mutable { full.push(5); });
  REQUIRE(eventually([&] { return pool.stats().running == 3; }));
  empty.close();
  full.close();
  CHECK(coroutine.get().empty());
  CHECK(blocking.get().empty());
  CHECK_THROWS_AS(pushing.get(), troupe::proxy_exception);
  CHECK(popped_here.get() == std::nullopt);
  CHECK_THROWS_AS(pushed_here.get(), troupe::queue_closed);
  CHECK(full.pop() == 0);
  CHECK(full.pop() == std::nullopt);
  CHECK_THROWS_WITH(full.push(1), "the queue is closed");
}

TEST_CASE("a child closes a queue for the parent") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 1};
  auto closing = pool.apply([](numbers to) { to.close(); }, q);
  CHECK(q.pop() == std::nullopt);
  closing.get();
}

TEST_CASE("a child that dies while it waits in pop takes no value with it") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  for (int round = 0; round < 5; ++round) {
    troupe::queue<pid_t> pids{rt(), 4};
    numbers q{rt(), 10};
    auto doomed = pool.apply(pid_then_pop, pids, q);
    const auto pid = pids.pop().value();
    REQUIRE(::kill(pid, SIGKILL) == 0);
    CHECK_THROWS_AS(doomed.get(), troupe::child_lost);
    produce(q, 0, 10);
    q.close();
    CHECK(consume(q) == count_to(10));
  }
}

TEST_CASE("what a child pushed before it died is in the queue") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 10};
  auto doomed = pool.apply(
    [](numbers to) {
      produce(to, 0, 5);
      ::raise(SIGKILL);
    },
    q);
  CHECK_THROWS_AS(doomed.get(), troupe::child_lost);
  q.close();
  CHECK(consume(q) == count_to(5));
}

TEST_CASE("waiting for a value can be cancelled, and takes none") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 10};
  auto raced = pool.apply(
    [](numbers from) -> asio::awaitable<bool> {
      using namespace asio::experimental::awaitable_operators;
      asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
      const auto first = co_await (from.async_pop() || timer.async_wait(asio::use_awaitable));
      co_return first.index() == 1;
    },
    q);
  CHECK(raced.get());
  rt().run([&]() -> asio::awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
    const auto first = co_await (q.async_pop() || timer.async_wait(asio::use_awaitable));
    CHECK(first.index() == 1);
  });
  produce(q, 0, 10);
  q.close();
  CHECK(consume(q) == count_to(10));
}

TEST_CASE("values of any encodable type cross a queue, also large ones") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<message> there{rt(), 2};
  troupe::queue<message> back{rt(), 2};
  const message sent{std::string(3'000'000, 'x'), std::vector<double>(100'000, 1.5)};
  auto echoed = pool.apply(echo, there, back);
  there.push(sent);
  const auto got = back.pop().value();
  CHECK(got.text == sent.text + "!");
  CHECK(got.values == sent.values);
  CHECK(echoed.get() == got);
}

TEST_CASE("a queue can travel through a queue, and come back as a result") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<numbers> queues{rt(), 1};
  numbers inner{rt(), 1};
  auto returned = pool.apply(
    [](troupe::queue<numbers> from) {
      auto got = from.pop().value();
      got.push(42);
      return got;
    },
    queues);
  queues.push(inner);
  CHECK(inner.pop() == 42);
  CHECK(returned.get() == inner);
}

TEST_CASE("an initializer may use a queue, and keep it") {
  numbers q{rt(), 4};
  troupe::pool pool{rt(), {.processes = 1, .initializer = troupe::call(keep, q)}};
  CHECK(q.pop() == 0);
  pool.apply([] { kept.push(7); }).get();
  CHECK(q.pop() == 7);
}

TEST_CASE("when the last handle in the parent is gone, the queue closes, and can be drained") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::task_future<std::vector<int>> got;
  numbers gate{rt(), 1};
  {
    numbers q{rt(), 10};
    got = pool.apply(
      [](numbers from, numbers wait_for) {
        wait_for.pop();
        return consume(from);
      },
      q, gate);
    produce(q, 0, 5);
  }
  gate.push(1);
  CHECK(got.get() == count_to(5));
}

TEST_CASE("blocking where it would hold up everything is an error") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 1};
  q.push(1);
  rt().run([&]() -> asio::awaitable<void> {
    CHECK_THROWS_WITH(q.pop(), ContainsSubstring("queue::pop on the event loop's own thread"));
    CHECK_THROWS_AS(q.push(1), std::logic_error);
    co_return;
  });
  auto in_coroutine = pool.apply(
    [](numbers from) -> asio::awaitable<void> {
      from.pop();
      co_return;
    },
    q);
  CHECK_THROWS_WITH(in_coroutine.get(), ContainsSubstring("use co_await there"));
  CHECK(q.pop() == 1); // nobody has taken it
}

TEST_CASE("a handle of no queue, and a capacity of nothing, are errors") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_WITH(numbers(rt(), 0), ContainsSubstring("the capacity of a queue is 0"));
  CHECK_THROWS_AS(numbers(rt(), (std::size_t{1} << 20) + 1), std::invalid_argument);
  numbers none;
  CHECK_FALSE(none.valid());
  CHECK_THROWS_AS(none.pop(), std::logic_error);
  CHECK_THROWS_AS(pool.apply(consume, none), troupe::encode_error);
}

TEST_CASE("threads of a child's own may use a queue, while its loop waits on another") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers q{rt(), 1};
  auto sum = pool.apply(
    [](numbers both) {
      // The only consumer is the function on the loop's thread, the only producer this thread.
      std::jthread producer([both]() mutable {
        produce(both, 0, 100);
        both.close();
      });
      const auto got = consume(both);
      return std::accumulate(got.begin(), got.end(), 0);
    },
    q);
  CHECK(sum.get() == 4950);
}

TEST_CASE("a process of its own uses a queue, and a pool") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers there{rt(), 3};
  troupe::worker sum{rt(), troupe::call(
                             [](numbers from, troupe::pool_handle workers) {
                               int total = 0;
                               while (const auto value = from.pop())
                                 total += workers.apply([](int x) { return x * x; }, *value).get();
                               return total;
                             },
                             there, pool.handle())};
  sum.start();
  produce(there, 0, 4);
  there.close();
  sum.join();
  CHECK(sum.result() == 14);
}

TEST_CASE("queues leave nothing behind") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.apply([] {}).get();
  const auto before = footprint::of_this_process();
  for (int i = 0; i < 100; ++i) {
    numbers q{rt(), 1};
    q.push(i);
    CHECK(pool.apply([](numbers from) { return from.pop().value(); }, q).get() == i);
  }
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}
