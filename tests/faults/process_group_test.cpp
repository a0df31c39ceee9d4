// What tasks start: it ends with their child.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <thread>

#include <sys/prctl.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

bool is_gone(int pid) {
  const auto state = state_of(pid);
  return state.empty() || state == "Z" || state == "X"; // reaping orphans is the system's business
}

// Starts a process that sleeps, as a tool that a task runs would be.
int start_sleeper() {
  const auto pid = ::fork();
  if (pid == 0) {
    ::execlp("sleep", "sleep", "3600", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  return pid;
}

void start_sleeper_and_spin(troupe::queue<int> told) {
  told.push(start_sleeper());
  for (volatile bool forever = true; forever;) {
  }
}

void start_sleeper_and_crash(troupe::queue<int> told) {
  told.push(start_sleeper());
  ::raise(SIGSEGV);
}

void start_sleeper_and_end(troupe::queue<int> told) {
  told.push(start_sleeper());
}

void start_sleeper_in_own_name(troupe::queue<int> told) {
  ::setpgid(0, ::getppid()); // leaves the group if it can
  told.push(start_sleeper());
  std::this_thread::sleep_for(std::chrono::hours(1));
}

void forget_death_signal() {
  ::prctl(PR_SET_PDEATHSIG, 0);
}

void give_up_root() {
  if (::getuid() == 0 && ::setuid(65534) != 0)
    throw std::runtime_error("setuid failed");
}

int death_signal() {
  int number = 0;
  ::prctl(PR_GET_PDEATHSIG, &number);
  return number;
}

} // namespace

TEST_CASE("what a task has started ends with its child when the pool is terminated") {
  troupe::pool pool{rt(), {.processes = 1}};
  const int sleeper = pool.apply(start_sleeper).get();
  CHECK_FALSE(is_gone(sleeper));
  pool.terminate();
  pool.join();
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("what a task has started ends with its child when the pool is closed") {
  troupe::pool pool{rt(), {.processes = 1}};
  const int sleeper = pool.apply(start_sleeper).get();
  pool.close();
  pool.join();
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("what a task has started ends with it when its time is over") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 10ms}};
  troupe::queue<int> told{rt(), 1};
  auto task = pool.apply(troupe::task_options{.timeout = 100ms}, start_sleeper_and_spin, told);
  const int sleeper = told.pop().value();
  CHECK_THROWS_AS(task.get(), troupe::task_timeout);
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("what a task has started ends with it when it is cancelled") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 10ms}};
  troupe::queue<int> told{rt(), 1};
  auto task = pool.apply(start_sleeper_and_spin, told);
  const int sleeper = told.pop().value();
  task.cancel();
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("what a task has started ends with its child when that crashes") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> told{rt(), 1};
  auto task = pool.apply(start_sleeper_and_crash, told);
  const int sleeper = told.pop().value();
  CHECK_THROWS_AS(task.get(), troupe::child_lost);
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("what a process has started ends with it") {
  troupe::queue<int> told{rt(), 1};
  troupe::process process(rt(), troupe::call(start_sleeper_and_end, told));
  process.start();
  const int sleeper = told.pop().value();
  process.join();
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("killing a process that has left its group ends it nevertheless") {
  troupe::queue<int> told{rt(), 1};
  troupe::process process(rt(), troupe::call(start_sleeper_in_own_name, told));
  process.start();
  const int sleeper = told.pop().value();
  process.kill();
  process.join();
  CHECK(process.exit_code() == -SIGKILL);
  ::kill(sleeper, SIGKILL); // it is in whichever group that one had gone to
}

TEST_CASE("an initializer that gives up its user's rights leaves the child bound to its parent") {
  for (const auto& initializer : {troupe::call(forget_death_signal), troupe::call(give_up_root)}) {
    troupe::pool pool{rt(), {.processes = 1, .initializer = initializer}};
    CHECK(pool.apply(death_signal).get() == SIGKILL);
  }
}
