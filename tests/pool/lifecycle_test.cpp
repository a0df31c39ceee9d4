// The behaviours of aiomultiprocess's pools, one or more test cases for each; those of its schedulers are
// also in scheduler_test.cpp.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <ranges>
#include <set>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

asio::awaitable<int> mapper(int value) {
  co_return value * 2;
}

asio::awaitable<int> starmapper(int a, int b) {
  const int product = a * b;
  co_return product;
}

asio::awaitable<int> raise_if_negative(int value) {
  if (value < 0)
    throw std::invalid_argument("negative: " + std::to_string(value));
  co_return value;
}

asio::awaitable<void> sleep_long() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
}

std::vector<int> numbers(int n) {
  const auto range = std::views::iota(0, n);
  return {range.begin(), range.end()};
}

std::vector<std::tuple<int, int>> pairs(int n) {
  std::vector<std::tuple<int, int>> result;
  for (int i = 0; i < n; ++i)
    result.emplace_back(i, i + 1);
  return result;
}

std::string handled;

void remember(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    handled = e.what();
  }
  throw std::logic_error("a handler that throws does no harm");
}

} // namespace

TEST_CASE("a child runs exactly maxtasksperchild tasks and leaves") {
  for (const std::size_t most : {1u, 2u}) {
    troupe::pool pool{rt(), {.processes = 1, .maxtasksperchild = most}};
    std::map<pid_t, std::size_t> tasks;
    for (int i = 0; i < 10; ++i)
      ++tasks[pool.apply([] { return ::getpid(); }).get()];
    CHECK(tasks.size() == 10 / most);
    for (const auto& [pid, count] : tasks)
      CHECK(count == most);
  }
}

TEST_CASE("with a backlog and close, children that leave after each task still run everything") {
  troupe::pool pool{rt(), {.processes = 2, .maxtasksperchild = 1}};
  auto results = pool.map(mapper, numbers(30));
  pool.close();
  pool.join();
  CHECK(results.get().size() == 30);
}

TEST_CASE("apply, map and starmap are right and in order while children are replaced") {
  troupe::pool pool{rt(), {.processes = 2, .maxtasksperchild = 5}};
  CHECK(pool.apply(mapper, 4).get() == 8);
  std::vector<int> doubled;
  std::vector<int> products;
  for (int i = 0; i < 10; ++i) {
    doubled.push_back(2 * i);
    products.push_back(i * (i + 1));
  }
  CHECK(pool.map(mapper, numbers(10)).get() == doubled);
  CHECK(pool.starmap(starmapper, pairs(10)).get() == products);
}

TEST_CASE("map and starmap can be waited for as a whole or iterated in input order") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto whole = pool.map(mapper, numbers(50)).get();
  std::vector<int> iterated;
  for (int value : pool.map(mapper, numbers(50)))
    iterated.push_back(value);
  CHECK(whole == iterated);
  rt().run([&]() -> asio::awaitable<void> {
    const auto awaited = co_await pool.map(mapper, numbers(50));
    CHECK(awaited == whole);
    auto results = pool.starmap(starmapper, pairs(50));
    int i = 0;
    while (auto value = co_await results.next()) {
      CHECK(*value == i * (i + 1));
      ++i;
    }
    CHECK(i == 50);
  });
}

TEST_CASE("each result of a map is there as soon as it is ready") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto results = pool.map(
    [](int value) -> asio::awaitable<int> {
      if (value == 3)
        co_await sleep_long();
      co_return value;
    },
    numbers(4));
  auto at = results.begin();
  for (int i = 0; i < 3; ++i) {
    CHECK(*at == i);
    if (i < 2)
      ++at;
  }
}

TEST_CASE("an empty input gives an empty list, and a second wait does not hang") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.map(mapper, std::vector<int>{}).get().empty());
  CHECK(pool.starmap(starmapper, std::vector<std::tuple<int, int>>{}).get().empty());
  auto once = pool.map(mapper, numbers(3));
  CHECK(once.get().size() == 3);
  CHECK(once.get().empty()); // all of it has been taken
  auto future = pool.apply(mapper, 1);
  CHECK(future.get() == 2);
  CHECK(future.get() == 2);
}

TEST_CASE("a task that throws gives its caller the error with type, message and traceback") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_AS(pool.apply(raise_if_negative, -1).get(), std::invalid_argument);
  try {
    pool.apply(raise_if_negative, -1).get();
    FAIL("it had a value");
  } catch (const troupe::proxy_exception& proxy) {
    CHECK(proxy.type() == "std::invalid_argument");
    CHECK(std::string(proxy.what()) == "negative: -1");
    CHECK_FALSE(proxy.traceback().empty());
  }
}

TEST_CASE("the exception handler sees the live exception in the child, the caller the proxy") {
  troupe::pool pool{rt(), {.processes = 1, .exception_handler = &remember}};
  CHECK_THROWS_AS(pool.apply(raise_if_negative, -7).get(), std::invalid_argument);
  CHECK(pool.apply([] { return handled; }).get() == "negative: -7");
}

TEST_CASE("more queues than processes are refused before any child starts") {
  const auto before = children_of(::getpid()).size();
  CHECK_THROWS_WITH(troupe::pool(rt(), {.processes = 1, .queuecount = 2}),
    ContainsSubstring("queue count must be <= process count"));
  CHECK(children_of(::getpid()).size() == before);
}

namespace {

// Everything to one queue.
class always final : public troupe::scheduler {
public:
  explicit always(troupe::queue_id queue)
    : queue_(queue) {}
  void register_queue(troupe::queue_id) override {}
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info&) override {
    return queue_;
  }

private:
  troupe::queue_id queue_;
};

} // namespace

TEST_CASE("child i serves queue i mod queuecount, and a successor keeps its queue") {
  for (troupe::queue_id queue = 0; queue < 2; ++queue) {
    troupe::pool pool{
      rt(), {.processes = 4, .queuecount = 2, .scheduler = std::make_shared<always>(queue)}};
    const auto check_slots = [&] {
      const auto slots =
        pool.map([](int) { return troupe::this_task::child_slot(); }, numbers(200)).get();
      for (const auto slot : slots)
        CHECK(slot % 2 == queue);
    };
    check_slots();
    CHECK_THROWS_AS(pool.apply([] { ::_exit(1); }).get(), troupe::child_lost);
    check_slots();
  }
}

TEST_CASE("a closed pool takes no tasks; terminate may follow; both may be called again") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.close();
  CHECK_THROWS_WITH(pool.apply(mapper, 1), "pool is closed");
  CHECK_THROWS_WITH(pool.map(mapper, numbers(3)), "pool is closed");
  CHECK_THROWS_WITH(pool.starmap(starmapper, pairs(3)), "pool is closed");
  pool.close();
  pool.terminate();
  pool.terminate();
  pool.close();
  pool.join();
}

TEST_CASE("join while open is an error; close and join drain; terminate and join abort") {
  {
    troupe::pool pool{rt(), {.processes = 1}};
    CHECK_THROWS_WITH(pool.join(), ContainsSubstring("pool is still open"));
    auto task = pool.apply(mapper, 1);
    pool.close();
    pool.join();
    CHECK(task.get() == 2);
  }
  troupe::pool pool{rt(), {.processes = 1}};
  auto task = pool.apply(sleep_long);
  pool.close();
  CHECK_FALSE(pool.join_for(5ms));
  pool.terminate();
  pool.join();
  CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
}

TEST_CASE("leaving the scope ends a pool, with everything pending cancelled") {
  std::vector<troupe::task_future<void>> pending;
  {
    troupe::pool pool{rt(), {.processes = 2}};
    for (int i = 0; i < 50; ++i)
      pending.push_back(pool.apply(sleep_long));
  }
  for (auto& task : pending)
    CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
  CHECK(eventually([] { return children_of(::getpid()).empty(); }));
}

TEST_CASE("the options have aiomultiprocess's defaults") {
  troupe::pool pool{rt()};
  CHECK(pool.options().processes == troupe::usable_cpus());
  CHECK(pool.options().childconcurrency == 16);
  CHECK(pool.options().maxtasksperchild == 0);
  CHECK(pool.options().queuecount == 1);
}

TEST_CASE("round_robin gives each process one task in turn") {
  const auto given = [](std::size_t processes, std::size_t queues, std::size_t tasks) {
    troupe::round_robin scheduler;
    for (troupe::queue_id queue = 0; queue < queues; ++queue)
      scheduler.register_queue(queue);
    for (std::size_t process = 0; process < processes; ++process)
      scheduler.register_process(process % queues);
    std::vector<int> count(queues);
    for (std::size_t task = 1; task <= tasks; ++task)
      ++count[scheduler.schedule_task(task, {})];
    return count;
  };
  CHECK(given(1, 1, 5) == std::vector{5});
  CHECK(given(2, 2, 6) == std::vector{3, 3});
  CHECK(given(12, 8, 12) == std::vector{2, 2, 2, 2, 1, 1, 1, 1});
}

TEST_CASE(
  "a scheduler that throws or names an unknown queue fails its task, and the pool goes on") {
  class unsure final : public troupe::scheduler {
  public:
    void register_queue(troupe::queue_id) override {}
    void register_process(troupe::queue_id) override {}
    troupe::queue_id schedule_task(troupe::task_id id, const troupe::task_info&) override {
      if (id == 1)
        throw std::runtime_error("I cannot decide");
      return id == 2 ? 99 : 0;
    }
  };
  troupe::pool pool{rt(), {.processes = 1, .scheduler = std::make_shared<unsure>()}};
  CHECK_THROWS_WITH(pool.apply(mapper, 1).get(), "I cannot decide");
  CHECK_THROWS_AS(pool.apply(mapper, 1).get(), std::out_of_range);
  CHECK(pool.apply(mapper, 1).get() == 2);
}
