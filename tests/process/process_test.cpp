// The life of a `process`, as that of Python's multiprocessing.Process and aiomultiprocess.Process.
#include "process/process_functions.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

asio::awaitable<void> exit_later(int code) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  std::exit(code);
}

} // namespace

// -- name, pid, being alive ------------------------------------------------------------------------------

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

// -- awaiting --------------------------------------------------------------------------------------------

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

// -- the order of calls ----------------------------------------------------------------------------------

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

// -- daemonic processes (more in process_end_test.cpp) ---------------------------------------------------

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

// -- terminate and kill ----------------------------------------------------------------------------------

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

// -- close -----------------------------------------------------------------------------------------------

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

// -- joining with a time limit ---------------------------------------------------------------------------

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

// -- names -----------------------------------------------------------------------------------------------

TEST_CASE("a process without a name gets one with a number of its own") {
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const troupe::process p{rt(), troupe::call(do_nothing)};
    CHECK(p.name().starts_with("process-"));
    CHECK(std::stoi(p.name().substr(8)) > 0);
    names.insert(p.name());
  }
  CHECK(names.size() == 3);
}
