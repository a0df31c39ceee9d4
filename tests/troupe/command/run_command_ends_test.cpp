// Commands that are ended, and what they leave behind.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "troupe/command/running.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <thread>

#include <sys/wait.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using troupe_cli::end_cause;

namespace {

bool is_gone(const std::string& pid_file) {
  return state_of(std::stoi(contents(pid_file))).empty();
}

// What a script does, whose last word is in a file.
bool has_said(const std::string& file) {
  return eventually([&] { return contents(file).ends_with('\n'); });
}

// A command that is cancelled by whoever waits for it in the child, when it has said something in the file.
boost::asio::awaitable<troupe_cli::command_end> run_until(
  troupe_cli::command what, std::string file) {
  using namespace boost::asio::experimental::awaitable_operators;
  troupe_cli::command_end end;
  const auto run = [&]() -> boost::asio::awaitable<void> {
    end = co_await troupe_cli::run_command(what);
  };
  const auto look = [&]() -> boost::asio::awaitable<void> {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (!contents(file).ends_with('\n')) {
      timer.expires_after(10ms);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
  };
  co_await (run() || look());
  co_return end;
}

// A command that ends in time, of which the loop hears when its timeout has passed, too.
boost::asio::awaitable<troupe_cli::command_end> run_on_late_loop(troupe_cli::command what) {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto hold_loop = [&]() -> boost::asio::awaitable<void> {
    siginfo_t info{};
    ::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    std::this_thread::sleep_for(what.timeout);
    co_return;
  };
  co_return co_await (troupe_cli::run_command(what) && hold_loop());
}

} // namespace

TEST_CASE("a command that takes too long is asked to leave") {
  auto what = shell("trap 'exit 5' TERM; while :; do sleep 0.01; done");
  what.timeout = 100ms;
  what.grace = 60s;
  const auto end = run(what);
  CHECK(end.cause == end_cause::timeout);
  CHECK(end.exit_code == 5);
  CHECK(end.wall_time >= 100ms);
  CHECK_THAT(describe(end), StartsWith("timeout after 1"));
}

TEST_CASE("a command that has ended has not taken too long, however late its end is looked at") {
  auto what = shell("exit 3");
  what.timeout = 100ms;
  const auto end = command_pool().apply(run_on_late_loop, what).get();
  CHECK(end.cause == end_cause::itself);
  CHECK(end.exit_code == 3);
}

TEST_CASE("a command that takes too long and ignores SIGTERM is killed, with its group") {
  const test_folder folder;
  auto what = shell("trap '' TERM; sleep 1000 & echo $! > pid; wait; sleep 1000");
  what.directory = folder.path();
  what.timeout = 200ms;
  what.grace = 50ms;
  const auto end = run(what);
  CHECK(end.cause == end_cause::timeout);
  CHECK(end.signal == SIGKILL);
  CHECK(is_gone(folder / "pid"));
}

TEST_CASE("a stopped command ends at its timeout") {
  auto what = shell("kill -STOP $$");
  what.timeout = 50ms;
  what.grace = 60s;
  CHECK(run(what).signal == SIGTERM);
}

TEST_CASE("what a command leaves behind in its group is named and killed") {
  const test_folder folder;
  auto what = shell("sleep 1000 & echo $! > pid; "
                    "while ! grep -q sleep /proc/$!/comm; do sleep 0.01; done");
  what.directory = folder.path();
  what.stdout_file = folder / "out";
  const auto end = run(what);
  CHECK(end.ok());
  REQUIRE(end.left.size() == 1);
  CHECK(end.left[0].name == "sleep");
  CHECK(describe_left(end) == "left behind: " + std::to_string(end.left[0].pid) + " sleep");
  CHECK(is_gone(folder / "pid"));
}

TEST_CASE("a daemon in a session of its own is found, named and killed, with what it has started") {
  const test_folder folder;
  auto what = shell("setsid sh -c 'sleep 1000 & echo $! > inner; echo $$ > outer; wait' & "
                    "while [ ! -s outer ]; do sleep 0.01; done");
  what.directory = folder.path();
  const auto end = run(what);
  CHECK(end.ok());
  CHECK(end.left.size() == 2);
  CHECK(is_gone(folder / "outer"));
  CHECK(is_gone(folder / "inner"));
}

TEST_CASE("a daemon that has no environment is found when no other command runs") {
  const test_folder folder;
  auto what = shell("env -i /usr/bin/setsid /bin/sh -c 'echo $$ > pid; exec /bin/sleep 1000' & "
                    "while [ ! -s pid ]; do sleep 0.01; done");
  what.directory = folder.path();
  const auto end = run(what);
  CHECK(end.left.size() == 1);
  CHECK(is_gone(folder / "pid"));
}

TEST_CASE("the end of one command leaves alone what another has started") {
  const test_folder folder;
  auto first = shell("setsid sh -c 'echo $$ > daemon; exec sleep 1000' & "
                     "while [ ! -e end ]; do sleep 0.01; done");
  first.directory = folder.path();
  auto running = begin(first);
  REQUIRE(has_said(folder / "daemon"));
  CHECK(run({.argv = {"true"}}).left.empty());
  CHECK_FALSE(is_gone(folder / "daemon"));
  std::ofstream(folder / "end") << '\n';
  CHECK(running.get().left.size() == 1);
  CHECK(is_gone(folder / "daemon"));
}

TEST_CASE("what a command has left is waited for when it ends, also while the command runs") {
  const test_folder folder;
  auto what = shell("(sh -c 'echo $$ > orphan' &); until [ -s orphan ]; do sleep 0.01; done; "
                    "while [ -e /proc/$(cat orphan) ]; do sleep 0.01; done");
  what.directory = folder.path();
  what.timeout = 60s;
  CHECK(run(what).ok());
}

TEST_CASE("a cancelled command is ended, and its child stays") {
  const test_folder folder;
  auto what = shell("trap 'echo asked > term; exit' TERM; echo $$ > pid; "
                    "while :; do sleep 0.01; done");
  what.directory = folder.path();
  what.grace = 60s;
  CHECK(run({.argv = {"true"}}).ok()); // there is a child
  const auto child = command_pool().stats().children.at(0).pid;
  auto running = begin(what);
  REQUIRE(has_said(folder / "pid"));
  running.cancel();
  CHECK_THROWS_AS(running.get(), troupe::task_cancelled);
  CHECK(eventually([&] { return is_gone(folder / "pid"); }));
  CHECK(contents(folder / "term") == "asked\n");
  CHECK(run({.argv = {"true"}}).ok());
  CHECK(command_pool().stats().children.at(0).pid == child);
}

TEST_CASE("a command whose wait is cancelled has that as its result") {
  const test_folder folder;
  auto what = shell("trap 'exit 5' TERM; echo $$ > pid; while :; do sleep 0.01; done");
  what.directory = folder.path();
  what.grace = 60s;
  const auto end = command_pool().apply(run_until, what, folder / "pid").get();
  CHECK(end.cause == end_cause::cancelled);
  CHECK(end.exit_code == 5);
}

TEST_CASE("the leader of a command dies with its child") {
  const test_folder folder;
  troupe::pool pool(rt(), {.processes = 1});
  auto what = shell("trap '' TERM; echo $$ > pid; while :; do sleep 0.01; done");
  what.directory = folder.path();
  auto running = pool.apply(troupe_cli::run_command, what, troupe_cli::command_descriptors{});
  REQUIRE(has_said(folder / "pid"));
  ::kill(pool.stats().children.at(0).pid, SIGKILL);
  CHECK_THROWS_AS(running.get(), troupe::child_lost);
  CHECK(eventually([&] { return is_gone(folder / "pid"); }));
}
