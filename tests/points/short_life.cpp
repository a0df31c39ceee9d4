// A program with a short life of a pool, of which each system call may fail. Says of each step that it fails, and what it
// leaves behind. Exit code 0: each step has its outcome or an error.
#include "points/marker.hpp"

#include <troupe/coroutine.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using troupe::test::marker;
using troupe::test::raise_marker;

constexpr std::size_t large = 200'000;
constexpr int wrong = 3;

int square(int x) {
  return x * x;
}

std::string longer(const std::string& text) {
  return text + "x";
}

boost::asio::awaitable<int> nap(int x) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1ms);
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return x;
}

boost::asio::awaitable<int> long_nap() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return 0;
}

void spin_until_stopped() {
  const auto token = troupe::this_task::stop_token();
  while (!token.stop_requested()) {
  }
}

void crash() {
  ::raise(SIGKILL);
}

void say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

int exit_code = EXIT_SUCCESS;

// One step: it has the outcome that it should have, or says why not.
template <class F>
void step(const char* name, const F& run) {
  try {
    if (run())
      return;
    say(std::string("wrong: ") + name);
    exit_code = wrong;
  } catch (const std::exception& e) {
    say(std::string("error: ") + name + ": " + e.what());
  }
}

// Whether the task has ended so.
template <class Error, class Task>
bool ends_by(Task task) {
  try {
    task.get();
  } catch (const Error&) {
    return true;
  }
  return false;
}

void use(troupe::pool& pool) {
  step("apply", [&] { return pool.apply(square, 3).get() == 9; });
  step(
    "large", [&] { return pool.apply(longer, std::string(large, 'a')).get().size() == large + 1; });
  step("coroutine", [&] { return pool.apply(nap, 4).get() == 4; });
  step("blocking", [&] { return pool.apply(troupe::blocking(square), 5).get() == 25; });
  step("map", [&] {
    int sum = 0;
    for (const int value : pool.map(square, std::vector<int>(100, 2)))
      sum += value;
    return sum == 400;
  });
  step("cancel", [&] {
    auto task = pool.apply(long_nap);
    task.cancel();
    return ends_by<troupe::task_cancelled>(std::move(task));
  });
  step("timeout", [&] {
    return ends_by<troupe::task_timeout>(pool.apply({.timeout = 5ms}, spin_until_stopped));
  });
  step("crash", [&] { return ends_by<troupe::child_lost>(pool.apply(crash)); });
  step("after that", [&] { return pool.apply(square, 6).get() == 36; });
}

void live(int argc, char** argv) {
  const bool spawns = argv[1] == std::string("spawn");
  troupe::runtime rt{argc, argv};
  troupe::pool pool{
    rt, {.processes = 2,
          .start_method = spawns ? troupe::start_method::spawn : troupe::start_method::forkserver,
          .restart = {.backoff = 1ms},
          .cancel_grace = 200ms}};
  use(pool);
  step("close", [&] {
    pool.close();
    pool.join();
    return true;
  });
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    return EXIT_FAILURE;
  const auto before = open_descriptors();
  raise_marker(marker::begin);
  step("life", [&] {
    live(argc, argv);
    return true;
  });
  raise_marker(marker::end);
  if (::waitpid(-1, nullptr, WNOHANG) != -1)
    say("left: a child");
  if (const auto now = open_descriptors(); now > before)
    say("left: " + std::to_string(now - before) + " descriptors");
  return exit_code;
}
