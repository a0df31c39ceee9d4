// Timeouts, expiry, cancelling and retries, against each kind of task.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;
using troupe::task_options;

namespace {

asio::awaitable<int> sleep_long(int value) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
  co_return value;
}

int until_stopped(int value) {
  const auto token = troupe::this_task::stop_token();
  while (!token.stop_requested())
    std::this_thread::yield();
  return value;
}

pid_t child_pid() {
  return ::getpid();
}

// Counts its calls in a file, and fails as long as there are fewer than `enough`.
void append(const std::string& path) {
  std::ofstream(path, std::ios::app) << 'x';
}

std::size_t size_of(const std::string& path) {
  std::ifstream file(path, std::ios::ate);
  return file ? static_cast<std::size_t>(file.tellg()) : 0;
}

std::size_t throw_until(const std::string& path, std::size_t enough) {
  append(path);
  if (size_of(path) < enough)
    throw std::runtime_error("not yet");
  return troupe::this_task::attempt();
}

// The first attempt takes a while and throws; the second one says how long ago that was.
std::chrono::nanoseconds time_since_failure(const std::string& path) {
  using clock = std::chrono::steady_clock;
  if (troupe::this_task::attempt() == 1) {
    std::this_thread::sleep_for(300ms);
    std::ofstream(path) << clock::now().time_since_epoch().count();
    throw std::runtime_error("not yet");
  }
  clock::rep failed = 0;
  std::ifstream(path) >> failed;
  return clock::now().time_since_epoch() - clock::duration(failed);
}

std::size_t crash_until(const std::string& path, std::size_t enough) {
  append(path);
  if (size_of(path) < enough)
    ::raise(SIGKILL);
  return troupe::this_task::attempt();
}

std::size_t spin_until(const std::string& path, std::size_t enough) {
  append(path);
  if (size_of(path) < enough)
    spin_forever();
  return troupe::this_task::attempt();
}

asio::awaitable<std::size_t> sleep_until(std::string path, std::size_t enough) {
  append(path);
  if (size_of(path) < enough)
    co_await sleep_long(0);
  co_return troupe::this_task::attempt();
}

// A file in which tasks leave marks.
struct mark_file {
  mark_file()
    : path("/tmp/troupe-marks-" + std::to_string(::getpid()) + "-" + std::to_string(++count)) {
    ::unlink(path.c_str());
  }
  ~mark_file() { ::unlink(path.c_str()); }
  static inline int count = 0;
  std::string path;
};

// A pool of one child that does not wait long for tasks to stop.
troupe::pool_options impatient() {
  return {.processes = 1, .cancel_grace = 20ms};
}

// Waits until the child of a pool has started something.
void wait_until_running(const troupe::pool& pool, const std::string& path, std::size_t marks = 1) {
  while (size_of(path) < marks)
    pool.stats();
}

asio::awaitable<void> mark_and_sleep(std::string path) {
  append(path);
  co_await sleep_long(0);
}

void mark_and_spin(const std::string& path) {
  append(path);
  spin_forever();
}

int mark_and_wait(const std::string& path, int value) {
  append(path);
  return until_stopped(value);
}

} // namespace

// -- timeout --------------------------------------------------------------------------------------------

TEST_CASE("a coroutine that runs into its timeout is cancelled and its child goes on") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto pid = pool.apply(child_pid).get();
  auto task = pool.apply(task_options{.name = "nap", .timeout = 10ms}, sleep_long, 1);
  try {
    task.get();
    FAIL("it had a value");
  } catch (const troupe::task_timeout& e) {
    CHECK_THAT(e.what(), ContainsSubstring("(nap)") && ContainsSubstring("10 ms"));
  }
  CHECK(pool.apply(child_pid).get() == pid);
  pool.close();
  pool.join(); // nothing of it is left to drain
}

TEST_CASE(
  "a plain function that spins for ever is ended with its child, and nothing else is lost") {
  troupe::pool pool{rt(), impatient()};
  const auto pid = pool.apply(child_pid).get();
  auto task = pool.apply(task_options{.timeout = 10ms}, spin_forever);
  auto behind = pool.apply(square, 3);
  CHECK_THROWS_AS(task.get(), troupe::task_timeout);
  CHECK(behind.get() == 9);
  CHECK(pool.apply(child_pid).get() != pid);
  CHECK(pool.stats().timed_out == 1);
}

TEST_CASE("a plain function that looks at its stop token keeps its child") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  const auto pid = pool.apply(child_pid).get();
  CHECK_THROWS_AS(
    pool.apply(task_options{.timeout = 10ms}, until_stopped, 5).get(), troupe::task_timeout);
  CHECK(pool.apply(child_pid).get() == pid);
}

TEST_CASE("a blocking function that looks at its stop token keeps its child") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  const auto pid = pool.apply(child_pid).get();
  CHECK_THROWS_AS(
    pool.apply(task_options{.timeout = 10ms}, troupe::blocking(until_stopped), 5).get(),
    troupe::task_timeout);
  CHECK(pool.apply(child_pid).get() == pid);
}

TEST_CASE("a blocking function that does not stop is ended with its child") {
  troupe::pool pool{rt(), impatient()};
  CHECK_THROWS_AS(pool.apply(task_options{.timeout = 10ms}, troupe::blocking(spin_forever)).get(),
    troupe::task_timeout);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a timeout counts from the start, not from the submission") {
  troupe::pool pool{rt(), {.processes = 1}};
  mark_file file;
  auto first = pool.apply(mark_and_wait, file.path, 1);
  auto second = pool.apply(task_options{.timeout = 50ms}, square, 4);
  CHECK_FALSE(second.wait_for(200ms)); // it waits behind the first one, for longer than its timeout
  first.cancel();
  CHECK(second.get() == 16);
}

TEST_CASE("a task that ends in time has its value, whatever its timeout") {
  troupe::pool pool{rt(), {.processes = 2}};
  for (int i = 0; i < 2000; ++i)
    CHECK(pool.apply(task_options{.timeout = 1h}, square, i).get() == i * i);
  CHECK(pool.stats().timed_out == 0);
}

TEST_CASE(
  "other tasks of a child that is ended for a timeout are lost or run again as they allow") {
  troupe::pool pool{rt(), impatient()};
  mark_file file;
  auto lost = pool.apply(mark_and_sleep, file.path);
  wait_until_running(pool, file.path);
  auto again = pool.apply(task_options{.idempotent = true}, sleep_until, file.path, 3u);
  wait_until_running(pool, file.path, 2);
  CHECK_THROWS_AS(
    pool.apply(task_options{.timeout = 10ms}, spin_forever).get(), troupe::task_timeout);
  try {
    lost.get();
    FAIL("it had a value");
  } catch (const troupe::child_lost& e) {
    CHECK_THAT(e.what(), ContainsSubstring("did not stop when it was asked to"));
    CHECK_FALSE(e.culprit());
  }
  CHECK(again.get() == 2);
}

// -- cancel ---------------------------------------------------------------------------------------------

TEST_CASE("a running coroutine is cancelled and its child goes on") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  mark_file file;
  const auto pid = pool.apply(child_pid).get();
  auto task = pool.apply(mark_and_sleep, file.path);
  wait_until_running(pool, file.path);
  task.cancel();
  CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
  CHECK(pool.apply(child_pid).get() == pid);
  pool.close();
  pool.join();
}

TEST_CASE("very many running coroutines are cancelled at once and their child goes on") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2000, .cancel_grace = 1h}};
  const auto pid = pool.apply(child_pid).get();
  auto results = pool.map_unordered(sleep_long, std::vector<int>(2000, 1));
  while (pool.stats().running < 2000) {
  }
  results.cancel();
  std::size_t cancelled = 0;
  for (auto& item : results)
    cancelled += item.error() ? 1u : 0u;
  CHECK(cancelled == 2000);
  CHECK(pool.apply(child_pid).get() == pid);
  pool.close();
  pool.join(); // which waits until the child has left: nothing of them is left in it
}

TEST_CASE("a running plain function is asked to stop, and ended with its child if it does not") {
  troupe::pool pool{rt(), impatient()};
  mark_file file;
  auto task = pool.apply(mark_and_spin, file.path);
  wait_until_running(pool, file.path);
  task.cancel();
  CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a running blocking function is asked to stop") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  mark_file file;
  const auto pid = pool.apply(child_pid).get();
  auto task = pool.apply(troupe::blocking(mark_and_wait), file.path, 1);
  wait_until_running(pool, file.path);
  task.cancel();
  CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
  CHECK(pool.apply(child_pid).get() == pid);
}

TEST_CASE("the loser of a race in a coroutine cancels its task") {
  using namespace asio::experimental::awaitable_operators;
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  rt().run([&]() -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
    auto task = pool.apply(sleep_long, 1);
    const auto first =
      co_await (task(asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    CHECK(first.index() == 1);
    CHECK_THROWS_AS(
      task.error() ? std::rethrow_exception(task.error()) : void(), troupe::task_cancelled);
  });
  CHECK(pool.apply(square, 2).get() == 4);
}

TEST_CASE("cancel races with start, end and death, and each task ends once") {
  troupe::pool pool{rt(), {.processes = 2, .restart = {.intensity = 100'000}, .cancel_grace = 1s}};
  std::size_t values = 0;
  std::size_t others = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<troupe::task_future<int>> tasks;
    for (int i = 0; i < 10; ++i)
      tasks.push_back(pool.apply(square, i));
    std::thread canceller([&] {
      for (auto& task : tasks)
        task.cancel();
    });
    if (round % 50 == 0)
      pool.apply([] { ::raise(SIGKILL); }).wait();
    canceller.join();
    for (auto& task : tasks) {
      task.wait();
      ++(task.error() ? others : values);
    }
  }
  CHECK(values + others == 3000);
  CHECK(pool.apply(square, 2).get() == 4);
}

// -- expires --------------------------------------------------------------------------------------------

TEST_CASE("a task that is not started in time expires") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  mark_file file;
  auto first = pool.apply(mark_and_wait, file.path, 1);
  wait_until_running(pool, file.path);
  std::vector<troupe::task_future<int>> late;
  for (int i = 0; i < 20; ++i) // some of them lie in the child, others in the queue
    late.push_back(pool.apply(task_options{.name = "late", .expires = 10ms}, square, i));
  auto unhurried = pool.apply(square, 5);
  for (auto& task : late)
    CHECK_THROWS_AS(task.get(), troupe::task_expired);
  first.cancel();
  CHECK(unhurried.get() == 25);
  CHECK(pool.stats().expired == 20);
}

TEST_CASE("a task that has been started does not expire") {
  troupe::pool pool{rt(), {.processes = 1}};
  mark_file file;
  auto task = pool.apply(task_options{.expires = 30s}, mark_and_wait, file.path, 1);
  wait_until_running(pool, file.path);
  auto short_lived = pool.apply(task_options{.expires = 1ms}, square, 1);
  CHECK_THROWS_AS(short_lived.get(), troupe::task_expired);
  CHECK_FALSE(task.done());
  task.cancel();
}

// -- retries --------------------------------------------------------------------------------------------

TEST_CASE("a task that throws is tried again, as often as its options say") {
  troupe::pool pool{rt(), {.processes = 1}};
  mark_file file;
  const task_options options{.retries = {.max_attempts = 3, .backoff = 1ms}};
  CHECK(pool.apply(options, throw_until, file.path, 3u).get() == 3);
  CHECK(pool.stats().retried == 2);
  mark_file other;
  CHECK_THROWS_WITH(pool.apply(options, throw_until, other.path, 4u).get(), "not yet");
  CHECK(size_of(other.path) == 3);
}

TEST_CASE("the pause before another attempt begins when the one before it has failed") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 3).get() == 9); // an outcome much earlier than the failure
  const mark_file file;
  const task_options options{.retries = {.max_attempts = 2, .backoff = 150ms, .jitter = 0}};
  CHECK(pool.apply(options, time_since_failure, file.path).get() >= 150ms);
}

TEST_CASE("a task that brings down its child is tried again in the successor") {
  troupe::pool pool{rt(), {.processes = 1}};
  mark_file file;
  CHECK(pool
          .apply(task_options{.retries = {.max_attempts = 3, .backoff = 1ms}}, crash_until,
            file.path, 3u)
          .get() == 3);
}

TEST_CASE("an attempt that runs into the timeout is over before the next one begins") {
  troupe::pool pool{rt(), impatient()};
  const task_options options{
    .timeout = 20ms, .retries = {.max_attempts = 3, .backoff = 1ms, .jitter = 0}};
  mark_file plain;
  CHECK(pool.apply(options, spin_until, plain.path, 3u).get() == 3);
  mark_file coroutine;
  CHECK(pool.apply(options, sleep_until, coroutine.path, 3u).get() == 3);
  mark_file blocking;
  CHECK(pool.apply(options, troupe::blocking(spin_until), blocking.path, 2u).get() == 2);
  mark_file never;
  CHECK_THROWS_AS(pool.apply(options, sleep_until, never.path, 9u).get(), troupe::task_timeout);
  CHECK(size_of(never.path) == 3);
}

TEST_CASE("the grace of an attempt that has ended does not end the next one") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 100ms}};
  const task_options options{
    .timeout = 500ms, .retries = {.max_attempts = 5, .backoff = 1ms, .jitter = 0}};
  const auto sleep = []() -> asio::awaitable<std::size_t> {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(troupe::this_task::attempt() == 1 ? std::chrono::milliseconds(1h) : 250ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return troupe::this_task::attempt();
  };
  CHECK(pool.apply(options, sleep).get() >= 2);
  CHECK(pool.stats().children[0].restarts == 0);
}

TEST_CASE("retry_on chooses the failures that are worth another attempt") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto options_for = [](auto predicate) {
    return task_options{.retries = {.max_attempts = 5, .backoff = 1ms, .retry_on = predicate}};
  };
  mark_file thrown;
  CHECK(pool.apply(options_for(troupe::retry_on<std::runtime_error>), throw_until, thrown.path, 2u)
          .get() == 2);
  mark_file other;
  CHECK_THROWS_WITH(pool
                      .apply(options_for(troupe::retry_on<std::logic_error, troupe::child_lost>),
                        throw_until, other.path, 2u)
                      .get(),
    "not yet");
  mark_file lost;
  CHECK(pool
          .apply(options_for(troupe::retry_on<std::logic_error, troupe::child_lost>), crash_until,
            lost.path, 2u)
          .get() == 2);
}

TEST_CASE(
  "a task that waits for its next attempt can be cancelled, and does not outlive its pool") {
  mark_file file;
  const task_options patient{.retries = {.max_attempts = 2, .backoff = 1h, .max_backoff = 1h}};
  troupe::task_future<std::size_t> left;
  {
    troupe::pool pool{rt(), {.processes = 1}};
    auto task = pool.apply(patient, throw_until, file.path, 9u);
    while (pool.stats().retried == 0) {
    }
    task.cancel();
    CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
    left = pool.apply(patient, throw_until, file.path, 9u);
    while (pool.stats().retried == 1) {
    }
  }
  CHECK_THROWS_AS(left.get(), troupe::task_cancelled);
}

TEST_CASE("close waits for tasks that are tried again") {
  troupe::pool pool{rt(), {.processes = 1}};
  mark_file file;
  auto task = pool.apply(task_options{.retries = {.max_attempts = 3, .backoff = 20ms, .jitter = 0}},
    throw_until, file.path, 3u);
  pool.close();
  pool.join();
  CHECK(task.get() == 3);
}

TEST_CASE("task options out of range are refused by the call that submits") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto refused = [&](const task_options& options, const std::string& name) {
    CHECK_THROWS_WITH(pool.apply(options, square, 1), ContainsSubstring(name));
    CHECK_THROWS_AS(pool.apply(options, square, 1), std::invalid_argument);
  };
  refused({.timeout = -1ns}, "timeout");
  refused({.expires = 25h}, "expires");
  refused({.retries = {.max_attempts = 0}}, "retries.max_attempts");
  refused({.retries = {.backoff = -1ms}}, "retries.backoff");
  refused({.retries = {.jitter = 1.5}}, "retries.jitter");
  refused({.priority = 1001}, "priority");
}

// -- this_task ------------------------------------------------------------------------------------------

namespace {

struct self_description {
  troupe::task_id id = 0;
  std::size_t attempt = 0;
  bool has_deadline = false;
  std::size_t slot = 0;
  bool stop_possible = false;
};

self_description describe_self() {
  return {troupe::this_task::id(), troupe::this_task::attempt(),
    troupe::this_task::deadline().has_value(), troupe::this_task::child_slot(),
    troupe::this_task::stop_token().stop_possible()};
}

asio::awaitable<self_description> describe_self_after_a_pause() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return describe_self();
}

} // namespace

TEST_CASE("a task of each kind knows itself") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto check = [](const self_description& self, troupe::task_id id) {
    CHECK(self.id == id);
    CHECK(self.attempt == 1);
    CHECK(self.has_deadline);
    CHECK(self.slot == 0);
    CHECK(self.stop_possible);
  };
  const task_options options{.timeout = 1h};
  check(pool.apply(options, describe_self).get(), 1);
  check(pool.apply(options, troupe::blocking(describe_self)).get(), 2);
  check(pool.apply(options, describe_self_after_a_pause).get(), 3);
  CHECK_FALSE(pool.apply(describe_self).get().has_deadline);
}

TEST_CASE("coroutines that take turns are each told of themselves") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<troupe::task_future<self_description>> tasks;
  for (int i = 0; i < 10; ++i)
    tasks.push_back(pool.apply(describe_self_after_a_pause));
  for (std::size_t i = 0; i < tasks.size(); ++i)
    CHECK(tasks[i].get().id == i + 1);
}

TEST_CASE("this_task outside of a task is an error") {
  CHECK_THROWS_AS(troupe::this_task::id(), std::logic_error);
  CHECK_THROWS_AS(troupe::this_task::stop_token(), std::logic_error);
}
