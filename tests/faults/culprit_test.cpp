// Which task is to blame for the end of a child: the one that the thread executes which ended it.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// In the child.
std::atomic<bool> plain_runs = false;
std::atomic<bool> blocking_runs = false;

void wait_for(const std::atomic<bool>& flag) {
  while (!flag)
    std::this_thread::sleep_for(1ms);
}

void run_beside_a_crash() {
  wait_for(blocking_runs);
  plain_runs = true;
  for (;;)
    std::this_thread::sleep_for(1s);
}

void crash_beside_a_plain_function(bool by_exit) {
  blocking_runs = true;
  wait_for(plain_runs);
  if (by_exit)
    std::exit(7); // NOLINT(concurrency-mt-unsafe): that is the mistake
  ::raise(SIGSEGV);
}

struct crashes_in_what : std::exception {
  const char* what() const noexcept override {
    ::raise(SIGSEGV);
    return "";
  }
};

void throw_what_crashes() {
  throw crashes_in_what();
}

void leave_a_thread_behind() {
  std::thread([] {
    wait_for(plain_runs);
    ::raise(SIGSEGV);
  }).detach();
}

void run_until_the_end() {
  plain_runs = true;
  for (;;)
    std::this_thread::sleep_for(1s);
}

asio::awaitable<void> wait_for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
}

// An exception handler.
void crash_on_what_is_thrown(std::exception_ptr) { // NOLINT(performance-unnecessary-value-param)
  ::raise(SIGSEGV);
}

void throw_an_error() {
  throw std::runtime_error("for the handler");
}

asio::awaitable<void> throw_an_error_later() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  throw_an_error();
}

void post_a_crash() {
  asio::post(troupe::this_child::executor(), [] { ::raise(SIGSEGV); });
}

int throw_out_of_range(int) {
  throw std::out_of_range("from a blocking function");
}

int fork_and_return(int way) {
  const pid_t copy = ::fork();
  if (copy == 0) {
    if (way == 1)
      throw std::runtime_error("in the copy");
    return -1;
  }
  int status = 0;
  ::waitpid(copy, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

template <class Future>
troupe::child_lost loss_of(Future& future) {
  try {
    future.get();
  } catch (const troupe::child_lost& loss) {
    return loss;
  }
  throw std::logic_error("the task had a value");
}

} // namespace

TEST_CASE("a blocking function that ends its child is to blame, not the plain one beside it") {
  for (const bool by_exit : {false, true}) {
    INFO("by exit: " << by_exit);
    troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
    auto guilty = pool.apply(troupe::blocking(crash_beside_a_plain_function), by_exit);
    auto innocent = pool.apply(run_beside_a_crash);
    const auto end = loss_of(guilty);
    const auto loss = loss_of(innocent);
    CHECK(end.culprit());
    CHECK_FALSE(loss.culprit());
    CHECK(loss.suspects() == std::vector{end.task()});
  }
}

TEST_CASE("a task whose exception crashes in what() is to blame") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto plain = pool.apply(throw_what_crashes);
  CHECK(loss_of(plain).culprit());
  auto blocking = pool.apply(troupe::blocking(throw_what_crashes));
  CHECK(loss_of(blocking).culprit());
}

TEST_CASE("a task whose exception crashes the exception handler is to blame") {
  const auto blames_the_thrower = [](auto throwing) {
    troupe::pool pool{
      rt(), {.processes = 1, .childconcurrency = 2, .exception_handler = &crash_on_what_is_thrown}};
    auto innocent = pool.apply(wait_for_ever); // is begun first
    auto guilty = pool.apply(throwing);
    const auto end = loss_of(guilty);
    const auto loss = loss_of(innocent);
    CHECK(end.culprit());
    CHECK_FALSE(loss.culprit());
    CHECK(loss.suspects() == std::vector{end.task()});
  };
  blames_the_thrower(throw_an_error);
  blames_the_thrower(throw_an_error_later);
  blames_the_thrower(troupe::blocking(throw_an_error));
}

TEST_CASE("a handler that a task has posted and that crashes blames nobody") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
  auto innocent = pool.apply(wait_for_ever); // is begun first
  pool.apply(post_a_crash).get();
  const auto loss = loss_of(innocent);
  CHECK(loss.signal() == SIGSEGV);
  CHECK_FALSE(loss.culprit());
  CHECK(loss.suspects().empty());
}

TEST_CASE("a thread that a task has left behind blames nobody") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.apply(leave_a_thread_behind).get();
  auto innocent = pool.apply(run_until_the_end);
  const auto loss = loss_of(innocent);
  CHECK_FALSE(loss.culprit());
  CHECK(loss.suspects().empty());
}

TEST_CASE("what a blocking function throws has a traceback") {
  troupe::pool pool{rt(), {.processes = 1}};
  try {
    pool.apply(troupe::blocking(throw_out_of_range), 1).get();
    FAIL("the task had a value");
  } catch (const troupe::proxy_exception& thrown) {
    CHECK_THAT(thrown.traceback(), ContainsSubstring("throw_out_of_range"));
  }
}

TEST_CASE("a copy of a child that comes back from its task ends, and the child goes on") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (const int way : {0, 1}) {
    CHECK(pool.apply(fork_and_return, way).get() == 4);
    CHECK(pool.apply(troupe::blocking(fork_and_return), way).get() == 4);
  }
}
