// Maps of blocking functions, whose items travel as batches as well: each is run by one thread, an item after another.
#include "batch_checks.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <ranges>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int odd(int x) {
  return 2 * x + 1;
}

int odd_soon(int x) {
  if (x % 300 == 7)
    std::this_thread::sleep_for(100us);
  return 2 * x + 1;
}

// Says of itself that it is guilty, as a crash does, or does not.
int odd_or_end(bool tells, int x) {
  if (x % 1000 == 7) {
    if (tells)
      std::abort();
    ::raise(SIGKILL);
  }
  return 2 * x + 1;
}

int odd_or_never_alone(int x) {
  if (x == endless_item) {
    const auto token = troupe::this_task::stop_token();
    while (!token.stop_requested())
      std::this_thread::yield();
  }
  return 2 * x + 1;
}

// In the child.
std::atomic<int> present = 0;
std::atomic<int> handled = 0;

int meet(int x, int others) {
  ++present;
  while (present < others)
    std::this_thread::yield();
  return x;
}

void count_what_is_thrown(std::exception_ptr) { // NOLINT(performance-unnecessary-value-param)
  ++handled;
}

int tell_and_return(int x) {
  if (x % 100 == 7)
    troupe::this_child::report("blocking items", std::to_string(x));
  if (x % 100 == 57) // also what a thread of its own tells
    std::thread([x] { troupe::this_child::report("blocking items", std::to_string(x)); }).join();
  return x;
}

} // namespace

TEST_CASE("a map of blocking functions gives each item its own value, in order or as they come") {
  for (const std::size_t concurrency : {1, 4, 16}) {
    troupe::pool pool{rt(), {.processes = 2, .childconcurrency = concurrency}};
    constexpr int count = 20'000;
    for (auto* const function : {&odd, &odd_soon}) {
      int next = 0;
      bool right = true;
      for (const int value : pool.map(troupe::blocking(function), numbers(count)))
        right = right && value == 2 * next++ + 1;
      CHECK(next == count);
      CHECK(right);
      std::set<std::size_t> seen;
      for (auto& item : pool.map_unordered(troupe::blocking(function), numbers(count)))
        right = right && item.value() == 2 * static_cast<int>(item.index()) + 1 &&
                seen.insert(item.index()).second;
      CHECK(seen.size() == count);
      CHECK(right);
    }
    const auto stats = pool.stats();
    CHECK(stats.submitted == 4 * count);
    CHECK(stats.succeeded == 4 * count);
    CHECK(stats.queued + stats.running == 0);
    CHECK(stats.children[0].tasks + stats.children[1].tasks == 4 * count);
  }
}

TEST_CASE("items of a map of blocking functions run together, each in one run") {
  std::size_t runs = 0; // counted on the loop's thread
  std::size_t items = 0;
  constexpr std::size_t count = 10'000;
  {
    troupe::pool pool{rt(), {.processes = 1, .on_task_ended = [&](const troupe::task_ended& run) {
                               ++runs;
                               items += run.items;
                             }}};
    pool.map(troupe::blocking(odd), numbers(count)).get();
    pool.close();
    pool.join();
  }
  CHECK(items == count);
  CHECK(runs < count);
}

TEST_CASE("each blocking item of a batch throws for itself") {
  for (const bool with_handler : {false, true}) {
    troupe::pool pool{rt(), {.processes = 1,
                              .childconcurrency = 4,
                              .exception_handler = with_handler ? &count_what_is_thrown : nullptr}};
    const int errors = check_each_item_throws_for_itself(pool, troupe::blocking(odd_or_throw));
    CHECK(pool.apply([] { return handled.load(); }).get() == (with_handler ? errors : 0));
  }
}

TEST_CASE("a blocking item that kills its child loses none that has ended or has not begun") {
  for (const bool tells : {false, true})
    for (const std::size_t concurrency : {1, 8}) {
      INFO("tells " << tells << ", concurrency " << concurrency);
      troupe::pool pool{
        rt(), {.processes = 2, .childconcurrency = concurrency, .restart = {.intensity = 100}}};
      constexpr int count = 10'000;
      std::vector<std::tuple<bool, int>> input;
      for (int x = 0; x < count; ++x)
        input.emplace_back(tells, x);
      std::set<std::size_t> lost;
      std::set<std::size_t> seen;
      auto results =
        pool.starmap(troupe::map_options{.fail_fast = false}, troupe::blocking(odd_or_end), input);
      for (std::size_t x = 0; x < count; ++x)
        try {
          const auto value = results.next_blocking();
          seen.insert(x);
          CHECK((value == 2 * static_cast<int>(x) + 1 && x % 1000 != 7));
        } catch (const troupe::child_lost& loss) {
          lost.insert(x);
          CHECK((!loss.culprit() || x % 1000 == 7));
          CHECK((loss.culprit() || concurrency > 1)); // with others on threads beside it
        }
      CHECK(seen.size() + lost.size() == count);
      for (std::size_t x = 7; x < count; x += 1000)
        CHECK(lost.contains(x));
      // Those that were on a thread at the time, one for each place.
      CHECK(lost.size() <= 10 * concurrency);
      CHECK(pool.stats().lost == lost.size());
    }
}

TEST_CASE("blocking items of a map run at the same time, as many as there are places for") {
  constexpr int together = 16;
  std::vector<std::tuple<int, int>> input;
  for (int x = 0; x < together; ++x)
    input.emplace_back(x, together);
  for (const bool sized : {true, false})
    for (const bool used : {false, true}) {
      INFO("size known: " << sized << ", times known: " << used);
      troupe::pool pool{rt(), {.processes = 1, .childconcurrency = together}};
      if (used) // what the pool knows is that tasks are short
        pool.map(troupe::blocking(odd), numbers(20'000)).get();
      const auto values = sized ? pool.starmap(troupe::blocking(meet), input).get()
                                : pool
                                    .starmap(troupe::blocking(meet),
                                      input | std::views::filter([](const auto&) { return true; }))
                                    .get();
      CHECK(values == numbers(together));
    }
}

TEST_CASE(
  "blocking items of a batch do not wait for one that never ends, and it can be cancelled") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
  check_endless_item_is_cancelled(pool, troupe::blocking(odd_or_never_alone));
}

TEST_CASE("a blocking item of a batch knows itself, and has a stop token of its own") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  std::set<troupe::task_id> ids;
  const auto own_id = [](int) {
    const bool is_new = troupe::this_task::attempt() == 1 &&
                        troupe::this_task::stop_token().stop_possible() &&
                        !troupe::this_task::stop_token().stop_requested();
    return is_new ? troupe::this_task::id() : 0;
  };
  for (const auto id : pool.map(troupe::blocking(own_id), numbers(10'000)))
    CHECK((id != 0 && ids.insert(id).second));
}

TEST_CASE("blocking items of a batch may wait for tasks of their own pool") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 2}};
  const auto maybe_square = [](const troupe::pool_handle& handle, int x) {
    return x % 100 == 7 ? handle.apply(square, x).get() : x;
  };
  check_items_ask_their_pool(pool, troupe::blocking(maybe_square));
}

TEST_CASE("what a blocking item of a batch reports has come before its outcome") {
  std::mutex mutex;
  std::set<std::string> heard;
  troupe::on_report("blocking items", [&](const troupe::report& said) {
    const std::lock_guard lock(mutex);
    heard.emplace(said.text);
  });
  {
    troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 4}};
    for (auto& item : pool.map_unordered(troupe::blocking(tell_and_return), numbers(10'000)))
      if (const int x = item.value(); x % 100 == 7 || x % 100 == 57) {
        const std::lock_guard lock(mutex);
        CHECK(heard.contains(std::to_string(x)));
      }
  }
  troupe::on_report("blocking items", {});
  CHECK(heard.size() == 200);
}

TEST_CASE("results of any size come out of a batch of blocking functions") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 4}};
  pool.map(troupe::blocking(odd), numbers(20'000)).get(); // now batches are large
  check_results_of_any_size(pool, troupe::blocking(long_text));
}

TEST_CASE("blocking and plain functions of maps at the same time have their own results each") {
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  auto on_threads = pool.map(troupe::blocking(odd), numbers(30'000));
  auto on_loops = pool.map(square, numbers(30'000));
  bool right = true;
  for (int x = 0; x < 30'000; ++x) {
    right = right && *on_threads.next_blocking() == 2 * x + 1;
    right = right && *on_loops.next_blocking() == x * x;
  }
  CHECK(right);
}
