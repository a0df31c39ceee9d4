// Children and parents that stand still for a while, and shortages that pass.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/coroutine.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int square(int x) {
  return x * x;
}

pid_t process() {
  return ::getpid();
}

boost::asio::awaitable<void> wait_for_file(std::string path) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (!std::filesystem::exists(path)) {
    timer.expires_after(5ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

// Its children go on meanwhile.
void stop_for(pid_t program, std::chrono::seconds time) {
  REQUIRE(::kill(program, SIGSTOP) == 0);
  REQUIRE(eventually([=] { return state_of(program) == "T"; }));
  std::this_thread::sleep_for(time);
  REQUIRE(::kill(program, SIGCONT) == 0);
}

void connect_unless(const std::string& path) {
  if (std::filesystem::exists(path))
    throw std::runtime_error("the database is away");
}

} // namespace

TEST_CASE("a child that was stopped is ended after a while, and its tasks are run by another") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 50ms}};
  const auto stopped = pool.apply(process).get();
  REQUIRE(::kill(stopped, SIGSTOP) == 0);
  REQUIRE(eventually([&] { return state_of(stopped) == "T"; }));
  auto task = pool.apply(troupe::task_options{.timeout = 500ms}, process);
  REQUIRE(task.wait_for(60s));
  CHECK(task.get() != stopped);
  pool.close();
  pool.join();
}

TEST_CASE("a child that stood still beside a long coroutine gets tasks again when it goes on") {
  const flag enough;
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 4}};
  auto coroutine = pool.apply(wait_for_file, enough.path());
  REQUIRE(eventually([&] { return pool.running_tasks().size() == 1; }));
  const auto stopped = pool.running_tasks().front().pid;
  REQUIRE(::kill(stopped, SIGSTOP) == 0);
  REQUIRE(eventually([&] { return state_of(stopped) == "T"; }));
  std::vector<troupe::task_future<int>> squares;
  for (int i = 0; i < 64; ++i)
    squares.push_back(pool.apply(square, i));
  for (auto& each : squares) // also those that the stopped child was given
    each.get();
  REQUIRE(::kill(stopped, SIGCONT) == 0);
  auto everywhere = pool.broadcast(process);
  for (auto& each : everywhere)
    CHECK(each.wait_for(60s));
  CHECK_FALSE(coroutine.wait_for(0s));
  enough.raise();
  coroutine.get();
}

TEST_CASE("a pool that worked goes on when its children cannot be started for a while") {
  const flag away;
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call(connect_unless, away.path()),
                            .restart = {.backoff = 1ms, .start_attempts = 2}}};
  const auto first = pool.apply(process).get();
  away.raise();
  CHECK_THROWS_AS(pool.apply([] { ::raise(SIGKILL); }).get(), troupe::child_lost);
  // More successors fail than a pool that never worked may have.
  auto waiting = pool.apply(square, 3);
  REQUIRE(eventually([&] { return pool.stats().deaths >= 6; }));
  away.lower();
  CHECK(waiting.get() == 9);
  CHECK(pool.apply(process).get() != first);
}

TEST_CASE("a pool that has had no child for as long as it may fails with the reason") {
  const flag away;
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call(connect_unless, away.path()),
                            .restart = {.backoff = 1ms, .give_up_after = 50ms}}};
  CHECK(pool.apply(square, 2).get() == 4);
  away.raise();
  CHECK_THROWS_AS(pool.apply([] { ::raise(SIGKILL); }).get(), troupe::child_lost);
  auto waiting = pool.apply(square, 3);
  try {
    waiting.get();
    FAIL("the task had a value");
  } catch (const troupe::start_failed& e) {
    CHECK_THAT(e.what(), ContainsSubstring("the database is away"));
  }
}

TEST_CASE("results that were written while the parent was stopped are no timeouts") {
  piped_program parent(STOPPED_PARENT, {"stopped_parent", "results"});
  parent.read_until("submitted\n");
  stop_for(parent.pid(), 2s); // longer than the timeout of the tasks, which counts from their start
  CHECK(parent.read_until("timeouts\n") == "0 timeouts\n");
}

TEST_CASE("a child that became ready while the parent was stopped has not started too late") {
  piped_program parent(STOPPED_PARENT, {"stopped_parent", "start"});
  parent.read_until("initializing\n");
  stop_for(parent.pid(), 4s); // longer than the start timeout
  CHECK(parent.read_until("deaths\n") == "0 deaths\n");
}

TEST_CASE("a process that became ready while the parent was stopped has not started too late") {
  piped_program parent(STOPPED_PARENT, {"stopped_parent", "process"});
  parent.read_until("initializing\n");
  stop_for(parent.pid(), 4s); // longer than the start timeout
  CHECK(parent.read_until("\n") == "the result is 9\n");
}

#if !defined(__SANITIZE_ADDRESS__) &&                                                              \
  !defined(__SANITIZE_THREAD__) // they end a program without memory
namespace {

std::string large_text(std::size_t size) {
  return std::string(size, 'x');
}

} // namespace

TEST_CASE("a result that does not fit into the parent's memory costs its task alone") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 2).get() == 4);
  rlimit before{};
  ::getrlimit(RLIMIT_AS, &before);
  rlimit tight = before;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  tight.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (128u << 20);
  auto large = pool.apply(large_text, std::size_t{700} << 20);
  REQUIRE(::setrlimit(RLIMIT_AS, &tight) == 0);
  CHECK_THROWS(large.get());
  REQUIRE(::setrlimit(RLIMIT_AS, &before) == 0);
  CHECK(pool.apply(square, 3).get() == 9);
}
#endif
