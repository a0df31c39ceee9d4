// Programs that leave while their pools are alive and tasks run. Their output ends when the last child has ended.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

struct ended_program {
  std::string said;
  int status = 0;

  bool exited_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
};

ended_program run(const std::string& how, const std::string& method = "spawn") {
  piped_program program(LEAVING_PARENT, {"leaving_parent", how, method});
  ended_program result;
  result.said = program.read_until({});
  result.status = program.wait();
  return result;
}

constexpr auto that_it_is_a_copy =
  ": this process is a forked copy of the one that has the troupe::runtime, whose pools only that "
  "one can use: fork, or call daemon(), before the runtime is made\n";

// What main returns when a program is executed by a vfork of this process; -1 if there is no such program.
int run_by_vfork(const std::string& program) {
  const char* const arguments[] = {program.c_str(), nullptr};
  const pid_t pid = ::vfork(); // NOLINT: that is what is to be tried
  if (pid == 0) {
    ::execv(program.c_str(), const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

void leave_quickly() {
  std::quick_exit(5);
}

} // namespace

TEST_CASE(
  "a program that leaves by quick_exit does so at once, with its code, and no child stays") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    const auto ended = run("quick_exit", method);
    CHECK(ended.said == "leaving quickly\n");
    CHECK(ended.exited_with(5));
  }
}

TEST_CASE("another thread than main's may call exit while tasks run") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    const auto ended = run("exit on another thread", method);
    CHECK(ended.said.empty());
    CHECK(ended.exited_with(5));
  }
}

TEST_CASE("no child stays when a program is ended by std::terminate") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    const auto ended = run("terminate", method);
    CHECK(ended.said == "terminating\n");
    CHECK((WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGABRT));
  }
}

// When main's thread has ended, the thread sanitizer fails an assertion of its own, and the leak sanitizer finds what
// the C library has kept for it.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("children outlive main's thread, and end when the program does") {
  for (const char* method : {"spawn", "forkserver"}) {
    INFO(method);
    const auto ended = run("pthread_exit", method);
    CHECK(ended.said == "the child lives\n");
    CHECK(ended.exited_with(5));
  }
}
#endif

TEST_CASE("a program may become a daemon before its runtime is made, and after child_entry") {
  const auto ended = run("daemon first");
  CHECK(ended.said == "9\nthe daemon gets nothing\n");
  CHECK(ended.exited_with(0));
}

TEST_CASE(
  "a program that becomes a daemon before child_entry is told that each child does so, too") {
  const auto ended = run("daemon before child_entry");
  CHECK_THAT(ended.said,
    StartsWith("the daemon gets ") &&
      ContainsSubstring("it exited with code 0 before it had come to troupe::runtime or "
                        "troupe::child_entry; what stands before these in main runs in each child "
                        "as well"));
  CHECK(ended.exited_with(0));
}

TEST_CASE(
  "a program that becomes a daemon later is a copy, which is told so, and its children end") {
  std::string expected;
  for (const char* refused :
    {"apply: troupe::pool", "get: task_future::get", "runtime: troupe::runtime"})
    expected.append(refused).append(that_it_is_a_copy);
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    const auto ended = run("daemon later", method);
    CHECK(ended.said == expected);
    CHECK(ended.exited_with(0));
  }
}

TEST_CASE("a task may execute a program by vfork, and so may the parent") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto child = pool.apply(::getpid).get();
  CHECK(pool.apply(run_by_vfork, "/bin/true").get() == 0);
  CHECK(pool.apply(run_by_vfork, "/bin/false").get() == 1);
  CHECK(pool.apply(run_by_vfork, "/nonexistent/program").get() == -1);
  CHECK(run_by_vfork("/bin/true") == 0);
  CHECK(run_by_vfork("/nonexistent/program") == -1);
  CHECK(pool.apply(square, 3).get() == 9);
  CHECK(pool.apply(::getpid).get() == child);
}

TEST_CASE("a task that calls quick_exit has lost its child") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_AS(pool.apply(leave_quickly).get(), troupe::child_lost);
  CHECK(pool.apply(square, 3).get() == 9);
}
