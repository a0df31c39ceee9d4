// Stacks of children that run, hang, or do not answer.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

bool has_frame(const std::vector<troupe::thread_stack>& stacks, const std::string& function) {
  return std::ranges::any_of(stacks, [&](const troupe::thread_stack& stack) {
    return stack.text().find(function) != std::string::npos;
  });
}

int take_over_the_signal() {
  ::signal(SIGURG, SIG_IGN);
  return ::getpid();
}

pid_t wait_until_running(const troupe::pool& pool) {
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  return pool.running_tasks().front().pid;
}

int sum_up(const std::vector<int>& numbers) {
  int sum = 0;
  for (int i = 0; i < 20'000'000; ++i)
    sum += numbers[static_cast<std::size_t>(i) % numbers.size()];
  return sum;
}

} // namespace

TEST_CASE("the stack of a child that hangs shows where") {
  troupe::pool pool(rt(), {.processes = 1});
  auto hung = pool.apply(spin_forever);
  const auto pid = wait_until_running(pool);
  const auto stacks = pool.stack_of(0);
  REQUIRE_FALSE(stacks.empty());
  CHECK(stacks[0].thread == pid); // its first thread has the smallest number
  CHECK(eventually([&] { return has_frame(pool.stack_of(0), "spin_forever"); }));
  pool.terminate();
  CHECK_THROWS_AS(hung.get(), troupe::task_cancelled);
}

TEST_CASE("the stacks of blocking functions are those of their threads") {
  troupe::pool pool(rt(), {.processes = 1, .childconcurrency = 2});
  const flag gate;
  auto one = pool.apply(troupe::blocking(wait_for_flag), gate.path());
  auto two = pool.apply(troupe::blocking(wait_for_flag), gate.path());
  REQUIRE(eventually([&] { return pool.running_tasks().size() == 2; }));
  // A task has been started before its thread is in the function.
  CHECK(eventually([&] {
    return std::ranges::count_if(pool.stack_of(0), [](const troupe::thread_stack& stack) {
      return stack.text().find("wait_for_flag") != std::string::npos;
    }) == 2;
  }));
  gate.raise();
  one.get();
  two.get();
}

TEST_CASE("an idle child has a stack as well, and works on") {
  troupe::pool pool(rt(), {.processes = 2});
  CHECK(pool.apply(square, 2).get() == 4);
  for (std::size_t slot = 0; slot < 2; ++slot) {
    REQUIRE(eventually(
      [&] { return pool.stats().children.at(slot).state == troupe::child_state::ready; }));
    CHECK_FALSE(pool.stack_of(slot).at(0).frames.empty());
  }
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a child that is asked again and again loses nothing") {
  troupe::pool pool(rt(), {.processes = 1});
  std::vector<int> numbers(1000, 1);
  CHECK(pool.apply(square, 2).get() == 4);
  auto sums = pool.map(sum_up, std::vector<std::vector<int>>(5, numbers));
  for (int i = 0; i < 50; ++i)
    CHECK_FALSE(pool.stack_of(0).empty());
  for (const int sum : sums)
    CHECK(sum == 20'000'000);
  CHECK(pool.stats().deaths == 0);
}

TEST_CASE("those who ask at the same time are all answered") {
  troupe::pool pool(rt(), {.processes = 1});
  auto hung = pool.apply(spin_forever);
  wait_until_running(pool);
  std::vector<std::future<std::size_t>> answers;
  for (int i = 0; i < 4; ++i)
    answers.push_back(std::async(std::launch::async, [&] { return pool.stack_of(0).size(); }));
  for (auto& answer : answers)
    CHECK(answer.get() > 0);
  pool.terminate();
}

TEST_CASE("a child that is stopped cannot tell its stack, and that is an error") {
  troupe::pool pool(rt(), {.processes = 1, .name = "still"});
  const flag gate;
  auto running = pool.apply(wait_for_flag, gate.path());
  const auto pid = wait_until_running(pool);
  ::kill(pid, SIGSTOP);
  REQUIRE(eventually([&] { return state_of(pid) == "T"; }));
  CHECK_THROWS_WITH(pool.stack_of(0),
    "child 0 of pool still (pid " + std::to_string(pid) +
      ") has not told its stack within 1000 ms: it has ended, is stopped, or its program handles "
      "SIGURG itself");
  ::kill(pid, SIGCONT);
  gate.raise();
  running.get();
  CHECK_FALSE(pool.stack_of(0).empty());
}

TEST_CASE("a program that has the signal for itself cannot be asked, and lives on") {
  troupe::pool pool(rt(), {.processes = 1});
  const auto pid = pool.apply(take_over_the_signal).get();
  CHECK_THROWS_AS(pool.stack_of(0), troupe::error);
  CHECK(pool.apply(square, 5).get() == 25);
  CHECK(pool.stats().children.at(0).pid == pid);
}

TEST_CASE("a slot that is not there, or a pool that has ended, has no stack") {
  troupe::pool pool(rt(), {.processes = 1, .name = "one"});
  CHECK_THROWS_WITH(pool.stack_of(1), "pool one has no slot 1: it has 0 to 0");
  pool.close();
  pool.join();
  CHECK_THROWS_WITH(pool.stack_of(0), "slot 0 of pool one has no child at present");
}
