// Whichever allocation of the parent's loop or a child's fails, everything ends: each task has an outcome, and each pool
// can be closed.
#include "support/baseline.hpp"
#include "support/catch.hpp"
#include "support/failing_allocation.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/this_task.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

constexpr auto patience = 30s;

int fail_with(int number) {
  throw std::runtime_error("number " + std::to_string(number));
}

std::string repeat(std::size_t count) {
  return std::string(count, 'x');
}

void die() {
  std::_Exit(3);
}

// Where it is is asked when its time is over.
void spin() {
  while (!troupe::this_task::stop_token().stop_requested())
    ;
}

// Of the tasks below, those that neither fail nor are cancelled.
constexpr int values_of_a_life = 14;

// A pool that does some of everything. True if all of it has ended.
bool live_a_life(int& values, troupe::start_method method = troupe::start_method::forkserver) {
  bool ended = true;
  const auto has_ended = [&](auto& future) {
    ended &= future.wait_for(patience);
    try {
      static_cast<void>(future.get());
      ++values;
    } catch (const std::exception&) { // also an outcome
    }
  };
  try {
    troupe::pool pool{rt(),
      {.processes = 2, .childconcurrency = 4, .start_method = method, .restart = {.backoff = 1ms}}};
    std::vector<troupe::task_future<int>> numbers;
    for (int i = 0; i < 6; ++i)
      numbers.push_back(pool.apply(square, i));
    numbers.push_back(pool.apply(nap, 1));
    numbers.push_back(pool.apply(fail_with, 1));
    numbers.push_back(
      pool.apply({.timeout = 20s, .retries = {.max_attempts = 2, .backoff = 1ms}}, fail_with, 2));
    numbers.push_back(pool.apply(square_through, pool.handle(), 3));
    auto text = pool.apply(repeat, 300'000);
    auto cancelled = pool.apply(nap, 1);
    cancelled.cancel();
    has_ended(cancelled);
    pool.resize(3);
    for (auto& number : numbers)
      has_ended(number);
    for (auto& answer : pool.broadcast(square, 4))
      has_ended(answer);
    pool.resize(1);
    has_ended(text);
    auto lost = pool.apply(die);
    has_ended(lost);
    auto after = pool.apply(square, 7);
    has_ended(after);
    auto late = pool.apply({.timeout = 2ms}, spin);
    has_ended(late);
    troupe::process alone{rt(), troupe::call(square, 8)};
    alone.start();
    ended &= alone.join_for(patience);
    troupe::queue<int> queue{rt(), 10};
    queue.push(1);
    queue.push(2);
    values += queue.pop().value_or(0);
    pool.close();
    ended &= pool.join_for(patience);
    if (!ended)
      pool.terminate();
  } catch (const std::exception& e) { // the program's own thread is told of it, too
    UNSCOPED_INFO(e.what());
  }
  return ended;
}

pid_t process() {
  return ::getpid();
}

// In a child, whose main thread has the name of its pool: the allocation fails that is the `nth` from now on.
pid_t arm(int nth) {
  static std::optional<failing_allocation> failing;
  failing.emplace("short", nth);
  return process();
}

} // namespace

TEST_CASE("whichever allocation of a child's loop fails, each task ends, and the child goes on") {
  for (int nth = 1; nth <= 40; ++nth) {
    INFO("allocation " << nth);
    troupe::pool pool{rt(), {.processes = 1,
                              .childconcurrency = 4,
                              .name = "short",
                              .start_method = troupe::start_method::forkserver,
                              .restart = {.backoff = 1ms}}};
    const auto child = pool.apply(arm, nth).get();
    std::vector<troupe::task_future<int>> numbers;
    for (int i = 0; i < 6; ++i)
      numbers.push_back(pool.apply(square, i));
    for (int i = 0; i < 6; ++i) {
      auto& number = numbers[static_cast<std::size_t>(i)];
      REQUIRE(number.wait_for(patience));
      try {
        const int value = number.get();
        CHECK(value == i * i);
      } catch (const std::exception&) { // also an outcome
      }
    }
    auto after = pool.apply(process);
    REQUIRE(after.wait_for(patience));
    if (after.error() != nullptr) // only now as many have been made; just one fails
      after = pool.apply(process);
    CHECK(after.get() == child);
  }
}

namespace {

// Lives, each of which has one allocation less of the threads of that name, until there are no more. How many that took.
template <class Life>
std::int64_t fail_each_allocation(const char* thread, Life live) {
  std::int64_t nth = 1;
  // Not every life takes as many as the one before.
  for (int not_reached = 0; not_reached < 5; ++nth) {
    INFO("allocation " << nth << " of " << thread);
    const auto before = baseline::now();
    {
      const failing_allocation failing(thread, nth);
      REQUIRE(live());
      not_reached = failing.reached() ? 0 : not_reached + 1;
    }
    std::vector<std::string> left_behind;
    CHECK(eventually([&] {
      left_behind = baseline::now().excess_over(before);
      return left_behind.empty();
    }));
    CHECK(left_behind == std::vector<std::string>());
  }
  return nth;
}

bool lives(troupe::start_method method = troupe::start_method::forkserver) {
  int values = 0;
  return live_a_life(values, method);
}

bool has_all_values(troupe::start_method method = troupe::start_method::forkserver) {
  int values = 0;
  const bool ended = live_a_life(values, method);
  return ended && values >= values_of_a_life;
}

} // namespace

TEST_CASE("whichever allocation of the loop fails, each task and each pool ends") {
  REQUIRE(has_all_values());
  CHECK(fail_each_allocation("troupe-loop", [] { return lives(); }) > 100); // it is about something
  CHECK(has_all_values());
}

TEST_CASE("whichever allocation of the launchers fails, each task and each pool ends") {
  constexpr auto method = troupe::start_method::spawn; // a zygote has children without memory
  REQUIRE(has_all_values(method));
  CHECK(fail_each_allocation("troupe-launch", [&] { return lives(method); }) > 4);
  CHECK(has_all_values(method));
}

TEST_CASE("whichever allocation of who uses a pool fails, each task and each pool ends") {
  const char* const name = "user";
  const auto live_elsewhere = [name] {
    bool ended = false;
    std::thread([&] {
      ::pthread_setname_np(::pthread_self(), name);
      ended = lives();
    }).join();
    return ended;
  };
  REQUIRE(has_all_values());
  CHECK(fail_each_allocation(name, live_elsewhere) > 100);
  CHECK(has_all_values());
}
