// What happens to tasks when code in a child crashes: groups B and "what user functions may do".
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ranges>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using troupe::test::rt;
using troupe::test::square;

namespace {

void raise_signal(int number) {
  ::raise(number);
}

__attribute__((noinline)) int write_to(int* where) {
  *where = 1;
  return *where;
}

int segfault() {
  // Not null, which UndefinedBehaviorSanitizer would report before the signal comes.
  int* volatile nowhere = reinterpret_cast<int*>(std::uintptr_t{64});
  return write_to(nowhere);
}

// Never the last thing that its caller does, so that there is a frame of it.
__attribute__((noinline)) int call_the_address(std::uintptr_t address) {
  return reinterpret_cast<int (*)()>(address)() + 1;
}

__attribute__((noinline)) int overflow_the_stack(int depth) {
  volatile char frame[4096] = {};
  frame[depth % 4096] = 1;
  return depth < 0 ? 0 : overflow_the_stack(depth + 1) + frame[0];
}

asio::awaitable<int> wait_for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(asio::use_awaitable);
  co_return 0;
}

asio::awaitable<int> crash_after(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  ::abort();
}

asio::awaitable<int> count_attempts(std::string path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  [[maybe_unused]] const auto written = ::write(fd, "x", 1);
  ::close(fd);
  asio::steady_timer timer(co_await asio::this_coro::executor, 200ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 42;
}

struct unencodable {};

template <class Inspector>
void inspect(Inspector&, unencodable&) {
  if (Inspector::reads_state)
    throw std::range_error("this cannot be encoded");
}

template <class F, class... Args>
troupe::child_lost lost(troupe::pool& pool, F f, Args... args) {
  try {
    pool.apply(f, args...).get();
  } catch (const troupe::child_lost& loss) {
    return loss;
  }
  FAIL("the task was not lost");
  throw std::logic_error("unreachable");
}

} // namespace

TEST_CASE("a fatal signal loses its task, with the signal, and nothing else") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGKILL}) {
    const auto loss = lost(pool, raise_signal, number);
    CHECK(loss.signal() == number);
    CHECK(loss.exit_code() == -1);
    CHECK(loss.culprit());
    CHECK(loss.pid() > 0);
    CHECK(pool.apply(square, 3).get() == 9);
  }
}

TEST_CASE("the stack of a crash is told, with the function that crashed") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto loss = lost(pool, segfault);
  CHECK(loss.signal() == SIGSEGV);
  CHECK_THAT(loss.traceback(), ContainsSubstring("write_to"));
  CHECK_THAT(loss.what(), ContainsSubstring("Segmentation fault"));
}

TEST_CASE("a call of what is no code is a crash of the function that made it") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (const std::uintptr_t address : {0, 64}) {
    const auto loss = lost(pool, call_the_address, address);
    CHECK(loss.signal() == SIGSEGV);
    CHECK(loss.culprit());
    CHECK_THAT(loss.traceback(), StartsWith("#0 ") && ContainsSubstring("no code"));
    CHECK_THAT(loss.traceback(), ContainsSubstring("call_the_address"));
  }
}

TEST_CASE("a stack overflow is a crash like any other") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(lost(pool, overflow_the_stack, 0).signal() == SIGSEGV);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("an exit in the middle of a task is a death, also with code 0") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(lost(
          pool, [](int code) { ::_exit(code); }, 0)
          .exit_code() == 0);
  CHECK(lost(
          pool, [](int code) { ::_exit(code); }, 3)
          .exit_code() == 3);
  CHECK(lost(
          pool, [](int code) { std::exit(code); }, 7)
          .exit_code() == 7);
}

TEST_CASE("tasks that were accepted and not started run in the successor") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto crash = pool.apply([] {
    std::this_thread::sleep_for(20ms);
    ::abort();
  });
  auto results = pool.map(square, std::views::iota(0, 1000));
  CHECK_THROWS_AS(crash.get(), troupe::child_lost);
  const auto values = results.get();
  REQUIRE(values.size() == 1000);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(values[static_cast<std::size_t>(i)] == i * i);
}

TEST_CASE("of many active coroutines the one on the CPU is the culprit") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 16}};
  std::vector<troupe::task_future<int>> waiting;
  for (int i = 0; i < 15; ++i)
    waiting.push_back(pool.apply(wait_for_ever));
  auto culprit = pool.apply(crash_after, 20ms);
  troupe::task_id guilty = 0;
  try {
    culprit.get();
    FAIL("it did not crash");
  } catch (const troupe::child_lost& loss) {
    CHECK(loss.culprit());
    guilty = loss.task();
  }
  for (auto& one : waiting) {
    try {
      one.get();
      FAIL("it was not lost");
    } catch (const troupe::child_lost& loss) {
      CHECK_FALSE(loss.culprit());
      CHECK(loss.suspects() == std::vector{guilty});
    }
  }
}

TEST_CASE("an idempotent task that another one crashed is tried again") {
  const auto path = "/tmp/troupe-attempts-" + std::to_string(::getpid());
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2}};
  auto victim = pool.apply(troupe::task_options{.idempotent = true}, count_attempts, path);
  auto culprit = pool.apply(crash_after, 50ms);
  CHECK_THROWS_AS(culprit.get(), troupe::child_lost);
  CHECK(victim.get() == 42);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(::lseek(fd, 0, SEEK_END) == 2);
  ::close(fd);
  ::unlink(path.c_str());
}

TEST_CASE("a result that was published counts, whatever happens to its child next") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (int i = 0; i < 20; ++i) {
    auto value = pool.apply(square, i);
    auto crash = pool.apply(raise_signal, SIGKILL);
    CHECK(value.get() == i * i);
    CHECK_THROWS_AS(crash.get(), troupe::child_lost);
  }
}

TEST_CASE("whatever a task throws is an error of that task and no more") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto error_of = [&pool](auto f) {
    try {
      pool.apply(f).get();
    } catch (const troupe::proxy_exception& e) {
      return e.type() + ": " + e.what();
    }
    return std::string("nothing");
  };
  CHECK(error_of([] { throw 42; }) == "int: 42");
  CHECK(error_of([] { throw "text"; }) == "const char*: text");
  CHECK(error_of([] { throw std::string("text"); }) == "std::string: text");
  CHECK_THAT(
    error_of([] { throw std::pair<int, int>(); }), ContainsSubstring("std::pair<int, int>"));
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a proxy has the type, the message, the nested chain and the throw site") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto nested = [](int n) {
    try {
      if (n > 0)
        throw std::out_of_range("index " + std::to_string(n));
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  };
  try {
    pool.apply(nested, 5).get();
    FAIL("nothing was thrown");
  } catch (const std::runtime_error& e) {
    CHECK(e.what() == std::string("outer"));
    CHECK_THROWS_AS(std::rethrow_if_nested(e), std::out_of_range);
    const auto* proxy = dynamic_cast<const troupe::proxy_exception*>(&e);
    REQUIRE(proxy != nullptr);
    CHECK_THAT(proxy->type(), ContainsSubstring("std::runtime_error"));
    REQUIRE(proxy->nested().has_value());
    CHECK(proxy->nested()->what() == std::string("index 5"));
    CHECK(proxy->nested()->type() == "std::out_of_range");
    CHECK_THAT(proxy->nested()->traceback(), ContainsSubstring("crash_test.cpp"));
    CHECK(proxy->pid() > 0);
    CHECK(proxy->task() == 1);
    CHECK(proxy->attempt() == 1);
  }
}

TEST_CASE("an exception thrown by a coroutine has its throw site as well") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto fails = []() -> asio::awaitable<int> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    throw std::invalid_argument("late");
  };
  try {
    pool.apply(fails).get();
    FAIL("nothing was thrown");
  } catch (const troupe::proxy_exception& e) {
    CHECK(e.type() == "std::invalid_argument");
    CHECK_THAT(e.traceback(), ContainsSubstring("crash_test.cpp"));
  }
}

TEST_CASE("a thread that a finished task left behind does not spoil its value by crashing") {
  troupe::pool pool{rt(), {.processes = 1}};
  static std::atomic<bool> lit = false; // in the child
  const auto leave_a_bomb = [] {
    std::thread([] {
      lit.wait(false);
      ::abort();
    }).detach();
    return 1;
  };
  const auto light_it = []() -> asio::awaitable<int> {
    lit = true;
    lit.notify_all();
    return wait_for_ever();
  };
  CHECK(pool.apply(leave_a_bomb).get() == 1);
  CHECK_THROWS_AS(pool.apply(light_it).get(), troupe::child_lost);
  CHECK(pool.apply(square, 2).get() == 4);
}

TEST_CASE("bad_alloc under a memory limit is an error of the task") {
  troupe::pool pool{rt(), {.processes = 1}};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const auto allocate = [](std::size_t bytes) {
    rlimit limit{};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = 1024u * 1024 * 1024;
    ::setrlimit(RLIMIT_AS, &limit);
    return std::vector<char>(bytes, 'x').size();
  };
  CHECK_THROWS_AS(pool.apply(allocate, std::size_t{4} * 1024 * 1024 * 1024).get(), std::bad_alloc);
#endif
  CHECK(pool.apply(square, 2).get() == 4);
}

TEST_CASE("an encode error of a result is an error of its task") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_WITH(pool.apply([] { return unencodable(); }).get(), "this cannot be encoded");
  CHECK(pool.apply(square, 2).get() == 4);
}
