// Backpressure, lazy inputs, chunks and progress.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <atomic>
#include <csignal>
#include <mutex>
#include <ranges>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int square_unless_odd(int x) {
  if (x % 2 != 0)
    throw std::invalid_argument("odd");
  return x * x;
}

int wait_until_stopped() {
  const auto token = troupe::this_task::stop_token();
  while (!token.stop_requested())
    std::this_thread::yield();
  return 0;
}

// Holds up a pool of one child until it is cancelled.
class brake {
public:
  explicit brake(troupe::pool& pool)
    : task_(pool.apply(wait_until_stopped)) {
    while (pool.stats().running == 0) {
    }
  }
  void release() { task_.cancel(); }

private:
  troupe::task_future<int> task_;
};

std::size_t waiting(troupe::pool& pool) {
  return pool.stats().queued;
}

} // namespace

// -- max_queue ------------------------------------------------------------------------------------------

TEST_CASE("with overflow = reject a full queue refuses, and takes tasks again when there is room") {
  troupe::pool pool{rt(), {.processes = 1, .max_queue = 3, .overflow = troupe::overflow::reject}};
  brake brake(pool);
  std::vector<troupe::task_future<int>> accepted;
  const auto fill = [&] {
    for (;;)
      accepted.push_back(pool.apply(square, static_cast<int>(accepted.size())));
  };
  CHECK_THROWS_AS(fill(), troupe::queue_full);
  CHECK_THROWS_WITH(fill(), ContainsSubstring("max_queue"));
  // A task or two may still have been on their way to the child, which made room.
  while (waiting(pool) < 3)
    CHECK_THROWS_AS(fill(), troupe::queue_full);
  CHECK(waiting(pool) == 3);
  brake.release();
  for (std::size_t i = 0; i < accepted.size(); ++i)
    CHECK(accepted[i].get() == square(static_cast<int>(i)));
  CHECK(pool.apply(square, 7).get() == 49);
}

TEST_CASE("with overflow = block whoever submits waits for room") {
  troupe::pool pool{rt(), {.processes = 1, .max_queue = 3}};
  brake brake(pool);
  std::atomic<int> submitted = 0;
  std::vector<troupe::task_future<int>> tasks;
  std::thread submitter([&] {
    for (int i = 0; i < 50; ++i) {
      tasks.push_back(pool.apply(square, i));
      ++submitted;
    }
  });
  while (waiting(pool) < 3) {
  }
  CHECK(submitted < 50);
  brake.release();
  submitter.join();
  for (int i = 0; i < 50; ++i)
    CHECK(tasks[static_cast<std::size_t>(i)].get() == square(i));
}

TEST_CASE("on the event loop's thread, which must not wait, a full queue refuses") {
  troupe::pool pool{rt(), {.processes = 1, .max_queue = 1}};
  brake brake(pool);
  bool refused = false;
  rt().run([&]() -> asio::awaitable<void> {
    try {
      for (;;)
        pool.apply(square, 1);
    } catch (const troupe::queue_full&) {
      refused = true;
    }
    co_return;
  });
  CHECK(refused);
  brake.release();
}

TEST_CASE("terminate lets those go who wait for room") {
  troupe::pool pool{rt(), {.processes = 1, .max_queue = 1}};
  brake brake(pool);
  std::thread submitter([&] {
    try {
      for (;;)
        pool.apply(square, 1);
    } catch (const troupe::pool_closed&) {
    }
  });
  while (waiting(pool) < 1) {
  }
  pool.terminate();
  submitter.join();
  pool.join();
}

TEST_CASE("a map whose window is larger than the queue waits for room") {
  troupe::pool pool{rt(), {.processes = 2, .max_queue = 10}};
  const auto values = pool.map(square, std::views::iota(0, 1000)).get();
  REQUIRE(values.size() == 1000);
  for (int i = 0; i < 1000; ++i)
    CHECK(values[static_cast<std::size_t>(i)] == square(i));
}

// -- lazy inputs ----------------------------------------------------------------------------------------

TEST_CASE("an input stream is mapped lazily") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::istringstream numbers("1 2 3 4 5 6 7 8 9 10");
  std::vector<int> values;
  auto results =
    pool.map(troupe::map_options{.buffersize = 2}, square, std::views::istream<int>(numbers));
  for (int value : results) {
    values.push_back(value);
    CHECK(results.progress().submitted <= values.size() + 2);
  }
  CHECK(values == std::vector{1, 4, 9, 16, 25, 36, 49, 64, 81, 100});
}

#if !defined(__SANITIZE_ADDRESS__) // which keeps freed memory for a while
TEST_CASE("the memory of the parent does not grow with the input") {
  troupe::pool pool{rt(), {.processes = 2}};
  long long sum = 0;
  const auto run = [&](int n) {
    for (int value : pool.map([](int x) { return x % 10; }, std::views::iota(0, n)))
      sum += value;
  };
  run(100'000);
  const auto before = resident_kilobytes(::getpid());
  run(1'000'000);
  CHECK(resident_kilobytes(::getpid()) < before + 8'000);
}
#endif

// -- chunks ---------------------------------------------------------------------------------------------

TEST_CASE("whatever the chunk size, each item has its own outcome") {
  troupe::pool pool{rt(), {.processes = 2}};
  for (const std::size_t chunk : {1u, 7u, 100u, 100'000u}) {
    std::size_t values = 0;
    std::size_t failures = 0;
    for (auto& item : pool.map_unordered(
           troupe::map_options{.chunksize = chunk}, square_unless_odd, std::views::iota(0, 500)))
      if (item.error()) {
        CHECK(item.index() % 2 == 1);
        ++failures;
      } else {
        CHECK(item.value() == square(static_cast<int>(item.index())));
        ++values;
      }
    CHECK(values == 250);
    CHECK(failures == 250);
  }
}

TEST_CASE("a chunk is not lost with one of its items") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::size_t lost = 0;
  for (auto& item : pool.map_unordered(
         troupe::map_options{.chunksize = 50},
         [](int x) {
           if (x == 20)
             ::raise(SIGKILL);
           return x;
         },
         std::views::iota(0, 50)))
    if (item.error()) {
      CHECK(item.index() == 20);
      ++lost;
    }
  CHECK(lost == 1);
}

TEST_CASE("the options of a map's tasks hold for each item") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 10ms}};
  std::size_t timeouts = 0;
  troupe::map_options options;
  options.task.timeout = 20ms;
  for (auto& item : pool.map_unordered(
         options,
         [](int x) {
           std::atomic<bool> forever = x == 3;
           while (forever) {
           }
           return x;
         },
         std::views::iota(0, 6)))
    if (item.error()) {
      CHECK_THROWS_AS(item.value(), troupe::task_timeout);
      CHECK(item.index() == 3);
      ++timeouts;
    }
  CHECK(timeouts == 1);
}

// -- progress -------------------------------------------------------------------------------------------

TEST_CASE("a map tells how far it has come") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto results = pool.map_unordered(square_unless_odd, std::views::iota(0, 100));
  CHECK(results.progress().total == 100u);
  CHECK(results.progress().submitted == 100);
  for (auto& item : results)
    item.error();
  CHECK(results.progress().completed == 100);
  CHECK(results.progress().failed == 50);
  std::istringstream numbers("1 2 3");
  auto unknown = pool.map(square, std::views::istream<int>(numbers));
  CHECK(unknown.progress().total == std::nullopt);
  CHECK(unknown.get().size() == 3);
  CHECK(unknown.progress().completed == 3);
}

TEST_CASE("a progress callback is called for each item, and may throw") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::mutex mutex;
  std::vector<std::size_t> seen;
  troupe::map_options options;
  options.on_progress = [&](const troupe::map_progress& progress) {
    const std::lock_guard lock(mutex);
    seen.push_back(progress.completed);
    throw std::runtime_error("nobody minds");
  };
  CHECK(pool.map(options, square, std::views::iota(0, 200)).get().size() == 200);
  const std::lock_guard lock(mutex);
  REQUIRE(seen.size() == 200);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.back() == 200);
}

// -- cancelling a map -----------------------------------------------------------------------------------

TEST_CASE("a cancelled map ends, with what was done already") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  auto results = pool.map_unordered(
    [](int x) {
      if (x == 5)
        wait_until_stopped();
      return x;
    },
    std::views::iota(0));
  std::size_t values = 0;
  std::size_t cancelled = 0;
  for (auto& item : results) {
    if (item.error()) {
      CHECK_THROWS_AS(item.value(), troupe::task_cancelled);
      ++cancelled;
    } else if (++values == 5) {
      results.cancel();
    }
  }
  CHECK(values == 5);
  CHECK(cancelled > 0);
}
