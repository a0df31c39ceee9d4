// Tasks that take too long: told of with the stack of where they are.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using troupe::test::eventually;
using troupe::test::flag;
using troupe::test::rt;
using troupe::test::spin_forever;
using troupe::test::square;

namespace {

// What on_task_slow has been told.
class slow_tasks {
public:
  void add(const troupe::task_slow& told) {
    const std::lock_guard lock(mutex_);
    told_.push_back(told);
  }
  std::vector<troupe::task_slow> all() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<troupe::task_slow> told_;
};

__attribute__((noinline)) void wait_for_the_flag(const std::string& path) {
  while (!std::filesystem::exists(path))
    std::this_thread::sleep_for(1ms);
}

// Whoever waits for it to be stopped would be late now and then.
void stop_here() {
  ::raise(SIGSTOP);
}

void say_so_and_spin(const std::string& path) {
  std::ofstream(path).put('x');
  spin_forever();
}

asio::awaitable<void> wait_in_a_coroutine(std::string path) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!std::filesystem::exists(path)) {
    timer.expires_after(5ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// How often a wait beside a slow task was interrupted by a signal.
int count_interruptions(const std::string& path) {
  int count = 0;
  while (!std::filesystem::exists(path))
    if (::poll(nullptr, 0, 5) < 0)
      ++count;
  return count;
}

// Some time after the task has ended.
asio::awaitable<pid_t> spin_outside_of_tasks(std::string path) {
  auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, 100ms);
  timer->async_wait([timer, path](const boost::system::error_code&) { say_so_and_spin(path); });
  co_return ::getpid();
}

} // namespace

TEST_CASE("a slow task is told of with the stack of where it is, and goes on") {
  const flag enough;
  slow_tasks slow;
  troupe::pool pool{rt(), {.processes = 1,
                            .name = "press",
                            .on_task_slow = [&](const auto& told) { slow.add(told); },
                            .slow_after = 50ms}};
  auto task = pool.apply(troupe::task_options{.name = "stamp"}, wait_for_the_flag, enough.path());
  REQUIRE(eventually([&] { return !slow.all().empty(); }));
  const auto running = pool.running_tasks();
  REQUIRE(running.size() == 1);
  const auto pid = running.front().pid;
  enough.raise();
  task.get();
  REQUIRE(slow.all().size() == 1);
  const auto told = slow.all().front();
  CHECK(told.pool == "press");
  CHECK(told.name == "stamp");
  CHECK(told.id == 1);
  CHECK(told.attempt == 1);
  CHECK(told.pid == pid);
  CHECK(told.thread == pid);
  CHECK(told.ran >= 50ms);
  CHECK_THAT(told.traceback(), ContainsSubstring("wait_for_the_flag"));
}

TEST_CASE("tasks that end sooner are not told") {
  slow_tasks slow;
  troupe::pool pool{rt(),
    {.processes = 1, .on_task_slow = [&](const auto& told) { slow.add(told); }, .slow_after = 60s}};
  for (int i = 0; i < 50; ++i)
    CHECK(pool.apply(square, i).get() == i * i);
  CHECK(slow.all().empty());
}

TEST_CASE("of a blocking function the thread that executes it is asked, and no other") {
  const flag enough;
  const flag all_told;
  slow_tasks slow;
  troupe::pool pool{rt(), {.processes = 1,
                            .on_task_slow = [&](const auto& told) { slow.add(told); },
                            .slow_after = 50ms}};
  auto slow_one = pool.apply(
    troupe::task_options{.name = "slow"}, troupe::blocking(wait_for_the_flag), enough.path());
  REQUIRE(eventually([&] { return slow.all().size() == 1; }));
  const auto told = slow.all().front();
  CHECK(told.name == "slow");
  CHECK(told.thread != 0);
  CHECK(told.thread != told.pid);
  CHECK_THAT(told.traceback(), ContainsSubstring("wait_for_the_flag"));
  // The other's wait is interrupted by its own question alone.
  auto other = pool.apply(
    troupe::task_options{.name = "other"}, troupe::blocking(count_interruptions), all_told.path());
  auto third = pool.apply(
    troupe::task_options{.name = "third"}, troupe::blocking(wait_for_the_flag), enough.path());
  REQUIRE(eventually([&] { return slow.all().size() == 3; }));
  all_told.raise();
  CHECK(other.get() <= 1);
  enough.raise();
  slow_one.get();
  third.get();
}

TEST_CASE("of a batch of blocking functions the item that is slow is told, and its thread") {
  const flag enough;
  slow_tasks slow;
  troupe::pool pool{rt(), {.processes = 1,
                            .childconcurrency = 2,
                            .on_task_slow = [&](const auto& told) { slow.add(told); },
                            .slow_after = 50ms}};
  std::vector<std::tuple<std::string, int>> input;
  for (int x = 0; x < 20; ++x)
    input.emplace_back(enough.path(), x);
  const auto slow_sixth = [](const std::string& path, int x) {
    if (x == 5)
      wait_for_the_flag(path);
    return std::pair(troupe::this_task::id(), static_cast<pid_t>(::gettid()));
  };
  auto ids =
    pool.starmap(troupe::map_options{.chunksize = 20}, troupe::blocking(slow_sixth), input);
  REQUIRE(eventually([&] { return !slow.all().empty(); }));
  enough.raise();
  for (int x = 0; x < 5; ++x)
    ids.next_blocking();
  const auto [id, thread] = *ids.next_blocking();
  REQUIRE(slow.all().size() == 1);
  const auto told = slow.all().front();
  CHECK(told.id == id);
  CHECK(told.thread == thread);
  CHECK_THAT(told.traceback(), ContainsSubstring("wait_for_the_flag"));
}

TEST_CASE("a slow coroutine that waits has no stack") {
  const flag enough;
  slow_tasks slow;
  troupe::pool pool{rt(), {.processes = 1,
                            .on_task_slow = [&](const auto& told) { slow.add(told); },
                            .slow_after = 50ms}};
  auto task = pool.apply(wait_in_a_coroutine, enough.path());
  REQUIRE(eventually([&] { return !slow.all().empty(); }));
  enough.raise();
  task.get();
  CHECK(slow.all().front().thread == 0);
  CHECK(slow.all().front().stack.empty());
}

TEST_CASE("a child that is stopped does not keep a slow task from being told") {
  slow_tasks slow;
  troupe::pool pool{rt(), {.processes = 1,
                            .on_task_slow = [&](const auto& told) { slow.add(told); },
                            .slow_after = 200ms}};
  auto task = pool.apply(stop_here);
  REQUIRE(eventually([&] { return !slow.all().empty(); }));
  const auto told = slow.all().front();
  CHECK(told.thread == 0);
  REQUIRE(told.pid > 0);
  CHECK(::kill(told.pid, SIGCONT) == 0);
  task.get();
}

TEST_CASE("a task that ran into its timeout carries the stack of where it was") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 2s}}; // in which the stack comes
  auto task = pool.apply(troupe::task_options{.timeout = 100ms}, spin_forever);
  REQUIRE(task.wait_for(60s));
  try {
    task.get();
    FAIL("it did not run into its timeout");
  } catch (const troupe::task_timeout& late) {
    CHECK_THAT(late.traceback(), ContainsSubstring("spin_forever"));
  }
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a task that was cancelled while it ran carries the stack of where it was") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 2s}}; // in which the stack comes
  const flag begun;
  auto task = pool.apply(troupe::blocking(say_so_and_spin), begun.path());
  REQUIRE(eventually([&] { return std::filesystem::exists(begun.path()); }));
  task.cancel();
  REQUIRE(task.wait_for(60s));
  try {
    task.get();
    FAIL("it was not cancelled");
  } catch (const troupe::task_cancelled& stopped) {
    CHECK_THAT(stopped.traceback(), ContainsSubstring("say_so_and_spin"));
  }
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE(
  "a task that is stopped in a child that cannot answer has no stack, and ends all the same") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 20ms}};
  auto task = pool.apply(troupe::task_options{.timeout = 1s}, stop_here);
  REQUIRE(task.wait_for(60s));
  try {
    task.get();
    FAIL("it did not run into its timeout");
  } catch (const troupe::task_timeout& late) {
    CHECK(late.stack().empty());
    CHECK(late.traceback().empty());
  }
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a child whose loop is busy with what is no task is ended, and its tasks go elsewhere") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2, .cancel_grace = 20ms}};
  const flag begun;
  auto last = pool.apply(spin_outside_of_tasks, begun.path());
  REQUIRE(last.wait_for(60s));
  const auto busy = last.get();
  REQUIRE(eventually([&] { return std::filesystem::exists(begun.path()); }));
  auto next = pool.apply([] { return ::getpid(); });
  REQUIRE(next.wait_for(600s)); // that takes 10 s of CPU time
  CHECK(next.get() != busy);
}
