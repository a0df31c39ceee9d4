// `process`: what Python's multiprocessing.Process and aiomultiprocess.Process do.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

void do_nothing() {}

void sleep_long() {
  std::this_thread::sleep_for(std::chrono::hours(1));
}

void exit_with(int code) {
  std::exit(code);
}

void raise_signal(int number) {
  ::raise(number);
}

void throws(std::string text) {
  throw std::out_of_range(text);
}

int initialized_with = 0;

void initialize(int value) {
  initialized_with = value;
}

void exit_with_initialized() {
  std::exit(initialized_with);
}

asio::awaitable<void> exit_later(int code) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  std::exit(code);
}

asio::awaitable<void> coroutine_initializer() {
  co_return;
}

void write_file(std::string path) {
  std::ofstream(path) << "finalized";
}

// Where the log goes while this lives.
class captured_log {
public:
  captured_log() {
    before_ = spdlog::get("troupe");
    spdlog::drop("troupe");
    spdlog::register_logger(std::make_shared<spdlog::logger>(
      "troupe", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_, true)));
  }
  captured_log(const captured_log&) = delete;
  ~captured_log() {
    spdlog::drop("troupe");
    if (before_)
      spdlog::register_logger(before_);
  }
  // Of processes that have been joined: they log before that.
  std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

} // namespace

// -- row 1 ----------------------------------------------------------------------------------------------

TEST_CASE("a process keeps its name, has a pid once started, and is alive until it ends") {
  troupe::process p{rt(), troupe::call(sleep_long), {.name = "sleeper"}};
  CHECK(p.name() == "sleeper");
  CHECK(p.pid() == 0);
  CHECK_FALSE(p.is_alive());
  CHECK_FALSE(p.exit_code().has_value());
  p.start();
  const auto pid = p.pid();
  CHECK(pid > 0);
  CHECK(p.is_alive());
  CHECK_FALSE(p.exit_code().has_value());
  const auto children = children_of(::getpid());
  CHECK(std::find(children.begin(), children.end(), pid) != children.end());
  p.kill();
  p.join();
  CHECK_FALSE(p.is_alive());
  CHECK(p.name() == "sleeper");
  CHECK(p.pid() == pid);
  CHECK(state_of(pid).empty());
}

TEST_CASE("a process whose function returns has exit code 0") {
  troupe::process p{rt(), troupe::call(do_nothing)};
  p.start();
  p.join();
  CHECK(p.exit_code() == 0);
  p.join(); // once more
}

TEST_CASE("a process may run a coroutine, a blocking function or a lambda") {
  troupe::process coroutine{rt(), troupe::call(exit_later, 3)};
  troupe::process blocking{rt(), troupe::call(troupe::blocking(exit_with), 4)};
  troupe::process lambda{rt(), troupe::call([](int code) { std::exit(code); }, 5)};
  coroutine.start();
  blocking.start();
  lambda.start();
  coroutine.join();
  blocking.join();
  lambda.join();
  CHECK(coroutine.exit_code() == 3);
  CHECK(blocking.exit_code() == 4);
  CHECK(lambda.exit_code() == 5);
}

// -- row 2 ----------------------------------------------------------------------------------------------

TEST_CASE("awaiting a process that was not started starts and joins it") {
  troupe::process p{rt(), troupe::call(do_nothing)};
  rt().run([&]() -> asio::awaitable<void> { co_await p; });
  CHECK(p.pid() > 0);
  CHECK_FALSE(p.is_alive());
  CHECK(p.exit_code() == 0);
}

TEST_CASE("a process that was started, or has ended, can be awaited as well") {
  troupe::process p{rt(), troupe::call(do_nothing)};
  p.start();
  rt().run([&]() -> asio::awaitable<void> {
    co_await p;
    co_await p;
  });
  CHECK(p.exit_code() == 0);
}

TEST_CASE("any number of coroutines and threads may wait for one process") {
  troupe::process p{rt(), troupe::call(sleep_long)};
  const auto wait = [&]() -> asio::awaitable<void> { co_await p; };
  auto first = asio::co_spawn(rt().executor(), wait(), asio::use_future);
  auto second = asio::co_spawn(rt().executor(), wait(), asio::use_future);
  CHECK(eventually([&] { return p.pid() > 0; }));
  std::thread third([&] { p.join(); });
  p.terminate();
  first.get();
  second.get();
  third.join();
  CHECK(p.exit_code() == -SIGTERM);
}

TEST_CASE("a coroutine can start a process without waiting for its end") {
  troupe::process p{rt(), troupe::call(sleep_long)};
  rt().run([&]() -> asio::awaitable<void> {
    co_await p.async_start();
    CHECK(p.is_alive());
    CHECK(p.pid() > 0);
    p.kill();
    co_await p;
  });
  CHECK(p.exit_code() == -SIGKILL);
}

TEST_CASE("what would block the event loop's own thread is an error there") {
  troupe::process fresh{rt(), troupe::call(sleep_long)};
  troupe::process running{rt(), troupe::call(sleep_long)};
  running.start();
  rt().run([&]() -> asio::awaitable<void> {
    CHECK_THROWS_WITH(fresh.start(), ContainsSubstring("use co_await there"));
    CHECK_THROWS_WITH(running.join(), ContainsSubstring("use co_await there"));
    CHECK_THROWS_WITH(running.join_for(1ms), ContainsSubstring("use co_await there"));
    co_return;
  });
  CHECK_FALSE(fresh.is_alive());
  running.kill();
  running.join();
}

// -- row 3 ----------------------------------------------------------------------------------------------

TEST_CASE("a process must be started before it is joined, and only once") {
  troupe::process p{rt(), troupe::call(do_nothing)};
  CHECK_THROWS_WITH(p.join(), ContainsSubstring("must start process before joining it"));
  CHECK_THROWS_AS(p.join(), std::logic_error);
  CHECK_THROWS_AS(p.join_for(1ms), std::logic_error);
  CHECK_THROWS_AS(p.terminate(), std::logic_error);
  p.start();
  CHECK_THROWS_WITH(p.start(), ContainsSubstring("twice"));
  p.join();
  CHECK_THROWS_AS(p.start(), std::logic_error);
  rt().run([&]() -> asio::awaitable<void> {
    std::string message;
    try {
      co_await p.async_start();
    } catch (const std::logic_error& e) {
      message = e.what();
    }
    CHECK_THAT(message, ContainsSubstring("twice"));
  });
}

// -- row 4 (the rest of it is in process_end_test.cpp) --------------------------------------------------

TEST_CASE("whether a process is daemonic is said at construction or before start") {
  troupe::process p{rt(), troupe::call(sleep_long), {.daemon = true}};
  CHECK(p.daemon());
  p.set_daemon(false);
  CHECK_FALSE(p.daemon());
  p.start();
  CHECK_THROWS_WITH(p.set_daemon(true), ContainsSubstring("process has already started"));
  CHECK_FALSE(p.daemon());
  p.kill();
  p.join();
  CHECK_THROWS_AS(p.set_daemon(true), std::logic_error);
  CHECK_FALSE(troupe::process(rt(), troupe::call(do_nothing)).daemon());
}

TEST_CASE("the end of a handle neither waits for its process nor ends it") {
  pid_t pid = 0;
  {
    troupe::process p{rt(), troupe::call(sleep_long)};
    p.start();
    pid = p.pid();
  }
  CHECK_FALSE(state_of(pid).empty());
  CHECK(::kill(pid, SIGKILL) == 0);
  CHECK(eventually([&] { return state_of(pid).empty(); }));
}

// -- row 5 ----------------------------------------------------------------------------------------------

TEST_CASE("terminate and kill end a sleeping process, and its exit code is minus the signal") {
  troupe::process terminated{rt(), troupe::call(sleep_long)};
  troupe::process killed{rt(), troupe::call(sleep_long)};
  terminated.start();
  killed.start();
  terminated.terminate();
  killed.kill();
  terminated.join();
  killed.join();
  CHECK(terminated.exit_code() == -SIGTERM);
  CHECK(killed.exit_code() == -SIGKILL);
  terminated.terminate(); // does nothing now
  killed.kill();
}

TEST_CASE("terminate ends a process at every stage of its start") {
  for (int i = 0; i < 20; ++i) {
    troupe::process p{rt(), troupe::call(sleep_long)};
    if (i % 2 == 0) {
      p.start();
      p.terminate();
      p.join();
    } else {
      rt().run([&]() -> asio::awaitable<void> {
        [[maybe_unused]] const auto waits = asio::co_spawn(
          rt().executor(), [&]() -> asio::awaitable<void> { co_await p; }, asio::use_future);
        p.terminate(); // not launched yet
        co_await p;
      });
    }
    CHECK(p.exit_code() == -SIGTERM);
  }
}

// -- row 6 ----------------------------------------------------------------------------------------------

TEST_CASE("a process that runs cannot be closed") {
  troupe::process p{rt(), troupe::call(sleep_long)};
  p.start();
  CHECK_THROWS_AS(p.close(), std::logic_error);
  CHECK_THROWS_WITH(p.close(), ContainsSubstring("while it runs"));
  CHECK(p.is_alive());
  p.kill();
  p.join();
  p.close();
}

TEST_CASE("a process that is closed has no properties any more") {
  troupe::process p{rt(), troupe::call(do_nothing)};
  p.start();
  p.join();
  p.close();
  p.close(); // once more
  CHECK_THROWS_WITH(p.name(), ContainsSubstring("is closed"));
  CHECK_THROWS_AS(p.pid(), std::logic_error);
  CHECK_THROWS_AS(p.is_alive(), std::logic_error);
  CHECK_THROWS_AS(p.exit_code(), std::logic_error);
  CHECK_THROWS_AS(p.daemon(), std::logic_error);
  CHECK_THROWS_AS(p.join(), std::logic_error);
  CHECK_THROWS_AS(p.start(), std::logic_error);
  CHECK_THROWS_AS(p.kill(), std::logic_error);
  rt().run([&]() -> asio::awaitable<void> {
    std::string message;
    try {
      co_await p;
    } catch (const std::logic_error& e) {
      message = e.what();
    }
    CHECK_THAT(message, ContainsSubstring("is closed"));
  });
}

// -- row 7 ----------------------------------------------------------------------------------------------

TEST_CASE("a join whose time passes is an error, and the process goes on") {
  troupe::process p{rt(), troupe::call(sleep_long)};
  p.start();
  CHECK_THROWS_AS(p.join_for(1ms), troupe::process_timeout);
  CHECK_THROWS_AS(p.join_for(0s), troupe::process_timeout);
  CHECK(p.is_alive());
  CHECK(state_of(p.pid()) != "Z");
  p.kill();
  CHECK(p.join_for(60s));
  CHECK(p.exit_code() == -SIGKILL);
}

// -- row 9: a plain process -----------------------------------------------------------------------------

TEST_CASE("a process whose function throws has exit code 1, and the error is logged, escaped") {
  const captured_log log;
  troupe::process p{rt(), troupe::call(throws, "no \x1b[31m such item"), {.name = "thrower"}};
  p.start();
  p.join();
  CHECK(p.exit_code() == 1);
  CHECK_THAT(log.text(), ContainsSubstring("thrower (pid " + std::to_string(p.pid()) + ")"));
  CHECK_THAT(log.text(), ContainsSubstring("std::out_of_range: no \\x1b[31m such item"));
}

TEST_CASE("a process that its user ends is no error to log") {
  const captured_log log;
  troupe::process p{rt(), troupe::call(sleep_long)};
  p.start();
  p.terminate();
  p.join();
  CHECK(log.text().empty());
}

// -- row 10 ---------------------------------------------------------------------------------------------

TEST_CASE("what the function passes to exit is the exit code, and a signal is one below zero") {
  const auto exit_code_of = [](troupe::bound_call call) {
    troupe::process p{rt(), std::move(call)};
    p.start();
    p.join();
    return p.exit_code();
  };
  CHECK(exit_code_of(troupe::call(exit_with, 7)) == 7);
  CHECK(exit_code_of(troupe::call(exit_with, 0)) == 0);
  CHECK(exit_code_of(troupe::call(raise_signal, SIGKILL)) == -SIGKILL);
  CHECK(exit_code_of(troupe::call(raise_signal, SIGSEGV)) == -SIGSEGV);
}

// -- row 11 ---------------------------------------------------------------------------------------------

TEST_CASE("a process without a name gets one with a number of its own") {
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const troupe::process p{rt(), troupe::call(do_nothing)};
    CHECK(std::regex_match(p.name(), std::regex("process-[0-9]+")));
    names.insert(p.name());
  }
  CHECK(names.size() == 3);
}

// -- row 13 ---------------------------------------------------------------------------------------------

TEST_CASE(
  "the initializer of a process runs in its child before the call, the finalizer after it") {
  const auto path = "/tmp/troupe-finalized-" + std::to_string(::getpid());
  troupe::process p{
    rt(), troupe::call(exit_with_initialized), {.initializer = troupe::call(initialize, 10)}};
  p.start();
  p.join();
  CHECK(p.exit_code() == 10);
  troupe::process finalized{
    rt(), troupe::call(do_nothing), {.finalizer = troupe::call(write_file, path)}};
  finalized.start();
  finalized.join();
  CHECK(std::ifstream(path).good());
  ::unlink(path.c_str());
  CHECK(initialized_with == 0); // in this process
}

TEST_CASE("an initializer that throws fails the start of a process with its error") {
  troupe::process p{
    rt(), troupe::call(do_nothing), {.initializer = troupe::call(throws, "not today")}};
  p.start();
  CHECK_THROWS_WITH(p.join(), ContainsSubstring("could not be started: std::out_of_range: not"));
  try {
    p.join();
  } catch (const troupe::start_failed& e) {
    CHECK_THROWS_AS(std::rethrow_if_nested(e), std::out_of_range);
  }
  CHECK(p.exit_code() == 1);
}

TEST_CASE("a process whose initializer does not return is killed after the start timeout") {
  troupe::process p{rt(), troupe::call(do_nothing),
    {.initializer = troupe::call(sleep_long), .start_timeout = 50ms}};
  p.start();
  CHECK_THROWS_WITH(p.join(), ContainsSubstring("start timeout of 50 ms"));
  CHECK_THROWS_AS(p.join(), troupe::start_failed);
  CHECK(p.exit_code() == -SIGKILL);
}

TEST_CASE("a process whose finalizer does not return is killed after the shutdown timeout") {
  const captured_log log;
  troupe::process p{rt(), troupe::call(do_nothing),
    {.finalizer = troupe::call(sleep_long), .shutdown_timeout = 50ms}};
  p.start();
  p.join();
  CHECK(p.exit_code() == -SIGKILL);
  CHECK_THAT(log.text(), ContainsSubstring("shutdown timeout of 50 ms"));
}

TEST_CASE("options of a process that cannot be are refused at construction") {
  const auto with = [](troupe::process_options options) {
    return troupe::process(rt(), troupe::call(do_nothing), std::move(options));
  };
  CHECK_THROWS_WITH(with({.initializer = troupe::call(coroutine_initializer)}),
    ContainsSubstring("process option initializer must be a plain function"));
  CHECK_THROWS_AS(with({.finalizer = troupe::call(coroutine_initializer)}), std::invalid_argument);
  CHECK_THROWS_WITH(with({.start_timeout = 0ms}),
    "process option start_timeout is 0 ms, but must be 1 ms to 86400000 ms");
  CHECK_THROWS_AS(with({.shutdown_timeout = -1ms}), std::invalid_argument);
  CHECK_THROWS_WITH(
    troupe::process(rt(), troupe::bound_call{}), ContainsSubstring("has no call to run"));
}

// -- leaving nothing behind -----------------------------------------------------------------------------

TEST_CASE("processes leave nothing behind") {
  const auto run = [](troupe::bound_call call, bool kill) {
    troupe::process p{rt(), std::move(call)};
    p.start();
    if (kill)
      p.kill();
    p.join();
  };
  run(troupe::call(do_nothing), false); // warm-up
  const auto before = footprint::of_this_process();
  for (int i = 0; i < 5; ++i) {
    run(troupe::call(do_nothing), false);
    run(troupe::call(exit_with, 3), false);
    run(troupe::call(sleep_long), true);
    const troupe::process never_started{rt(), troupe::call(do_nothing)};
  }
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

// UndefinedBehaviorSanitizer opens a pipe to look whether an object's memory is readable, so without
// descriptors it takes every object for a broken one.
#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a process that cannot be launched fails its start, and the next one works") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  troupe::process p{rt(), troupe::call(do_nothing)};
  rlimit tight = before;
  tight.rlim_cur = open_descriptors(::getpid());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  CHECK_THROWS_AS(p.start(), troupe::start_failed);
  CHECK_THROWS_WITH(p.join(), ContainsSubstring(p.name()));
  CHECK_FALSE(p.is_alive());
  CHECK_FALSE(p.exit_code().has_value());
  troupe::process awaited{rt(), troupe::call(do_nothing)};
  rt().run([&]() -> asio::awaitable<void> {
    bool failed = false;
    try {
      co_await awaited;
    } catch (const troupe::start_failed&) {
      failed = true;
    }
    CHECK(failed);
  });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  troupe::process next{rt(), troupe::call(do_nothing)};
  next.start();
  next.join();
  CHECK(next.exit_code() == 0);
}
#endif
