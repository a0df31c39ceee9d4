// Children that cannot be started, and those that do not stay alive.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include "parent/launch/launcher.hpp"
#include "parent/launch/spawner.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

void exit_at_once(int code) {
  ::_exit(code);
}

void die_at_once() {
  ::raise(SIGKILL);
}

// The child becomes ready, and then dies of something that is no task's.
void die_when_ready() {
  boost::asio::post(troupe::this_child::executor(), [] { ::raise(SIGKILL); });
}

int die_if_divisible_by_three(int x) {
  if (x % 3 == 0)
    ::raise(SIGSEGV);
  return x;
}

void hang() {
  std::this_thread::sleep_for(std::chrono::hours(1));
}

// A program whose library waits for something while it is loaded.
constexpr const char* hang_variable = "TROUPE_TEST_HANG_BEFORE_MAIN";
[[maybe_unused]] const bool hangs_before_main = [] {
  while (
    std::getenv(hang_variable) != nullptr) // NOLINT(concurrency-mt-unsafe): there is one thread
    ::pause();
  return false;
}();

template <class Error>
std::string message_of_failure(troupe::pool& pool) {
  try {
    pool.apply(square, 1).get();
  } catch (const Error& e) {
    return e.what();
  }
  return "the task had a value";
}

} // namespace

#ifndef __SANITIZE_THREAD__ // which makes a vfork a fork, from which nobody hears of a failed exec
namespace {

// The error of a launch.
std::error_code launch(const std::string& program) {
  troupe::parent::launcher launcher(
    std::make_unique<troupe::parent::spawner>(std::vector<std::string>{"child"}, program));
  std::promise<troupe::parent::launch_result> promise;
  int sockets[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0);
  const troupe::base::unique_fd own(sockets[0]);
  launcher.launch(troupe::base::unique_fd(sockets[1]),
    [&](troupe::parent::launch_result result) { promise.set_value(std::move(result)); });
  const auto result = promise.get_future().get();
  try {
    if (result.failure)
      std::rethrow_exception(result.failure);
  } catch (const std::system_error& e) {
    return e.code();
  }
  return {};
}

} // namespace

TEST_CASE("a program that cannot be executed is an error, without a zombie") {
  static const pid_t own_pid = ::getpid();
  std::atexit([] {
    if (::getpid() != own_pid)
      ::kill(own_pid, SIGABRT); // an exit handler of the parent ran in the fork
  });
  const auto before = footprint::of_this_process();
  CHECK(launch("/nonexistent/program") == std::errc::no_such_file_or_directory);
  CHECK(launch("/etc/passwd") == std::errc::permission_denied);
  CHECK(launch("/tmp") == std::errc::permission_denied);
  const auto no_program =
    std::filesystem::temp_directory_path() / ("troupe-no-program-" + std::to_string(own_pid));
  std::ofstream(no_program) << "this is no program";
  std::filesystem::permissions(no_program, std::filesystem::perms::owner_all);
  CHECK(launch(no_program) == std::errc::executable_format_error);
  std::filesystem::remove(no_program);
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}
#endif

TEST_CASE("children that end before they are ready fail the pool after a few tries") {
  const auto run = [](troupe::bound_call initializer, const char* expected) {
    troupe::pool pool{
      rt(), {.processes = 2, .initializer = std::move(initializer), .restart = {.backoff = 1ms}}};
    CHECK_THAT(message_of_failure<troupe::start_failed>(pool), ContainsSubstring(expected));
    // Later tasks get the reason as well.
    CHECK_THAT(message_of_failure<troupe::start_failed>(pool), ContainsSubstring(expected));
  };
  run(troupe::call(exit_at_once, 0), "exited with code 0");
  run(troupe::call(exit_at_once, 1), "exited with code 1");
  run(troupe::call(die_at_once), "signal 9");
}

TEST_CASE("a child that does not become ready is killed after the start timeout") {
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call(hang),
                            .restart = {.backoff = 1ms, .start_attempts = 2},
                            .start_timeout = 50ms}};
  CHECK_THAT(
    message_of_failure<troupe::start_failed>(pool), ContainsSubstring("start timeout of 50 ms"));
}

TEST_CASE("the start timeout holds for a child that hangs before it has said anything") {
  ::setenv(hang_variable, "1", 1);
  // Of the second child nobody hears but of its launch.
  troupe::pool pool{rt(),
    {.processes = 1, .restart = {.backoff = 1ms, .start_attempts = 2}, .start_timeout = 50ms}};
  ::unsetenv(hang_variable);
  auto task = pool.apply(square, 1);
  REQUIRE(task.wait_for(60s));
  CHECK_THROWS_WITH(task.get(), ContainsSubstring("start timeout of 50 ms"));
}

TEST_CASE("a crash loop fails the pool with the reason, and every task resolves") {
  troupe::pool pool{rt(), {.processes = 2,
                            .initializer = troupe::call(die_when_ready),
                            .restart = {.intensity = 4, .period = 60s}}};
  std::vector<troupe::task_future<int>> tasks;
  for (int i = 0; i < 50; ++i)
    tasks.push_back(pool.apply(square, i));
  int others = 0;
  int failed = 0;
  for (auto& task : tasks) {
    try {
      task.get();
      ++others;
    } catch (const troupe::child_lost&) {
      ++others;
    } catch (const troupe::pool_failed& e) {
      ++failed;
      CHECK_THAT(e.what(), ContainsSubstring("more than 4 children died within 60000 ms"));
    }
  }
  CHECK(failed + others == 50);
  // Intensity + 1, and the other one that was dying; but a death counts for the task that was on its way in
  // for the second time.
  CHECK(pool.stats().deaths <= 12);
  CHECK_THROWS_AS(pool.apply(square, 1).get(), troupe::pool_failed);
  pool.close();
  pool.join();
}

TEST_CASE("a task that kills its child is that task's failure, however many such tasks there are") {
  troupe::pool pool{rt(), {.processes = 2, .restart = {.intensity = 4, .period = 60s}}};
  auto results = pool.map_unordered(
    troupe::map_options{.fail_fast = false}, die_if_divisible_by_three, std::views::iota(0, 60));
  int values = 0;
  int lost = 0;
  for (auto& item : results) {
    if (item.index() % 3 != 0) {
      CHECK(item.value() == static_cast<int>(item.index()));
      ++values;
    } else {
      CHECK_THROWS_AS(item.value(), troupe::child_lost);
      ++lost;
    }
  }
  CHECK(values == 40);
  CHECK(lost == 20);
  CHECK(pool.apply(square, 3).get() == 9);
}

// UndefinedBehaviorSanitizer opens a pipe to look whether an object's memory is readable, so without
// descriptors it takes every object for a broken one.
#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("when descriptors run out a pool fails with a clear error, and works after relief") {
  {
    troupe::pool first{rt(), {.processes = 1}};
    CHECK(first.apply(square, 2).get() == 4); // from now on the runtime has all that it needs
  }
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  for (std::size_t spare = 0; spare < 12; ++spare) {
    INFO("spare descriptors: " << spare);
    rlimit tight = before;
    tight.rlim_cur = open_descriptors(::getpid()) + spare;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    {
      troupe::pool pool{rt(), {.processes = 1, .restart = {.backoff = 0ms, .start_attempts = 2}}};
      // What a child says of its own lack of descriptors is another message.
      CHECK_THAT(message_of_failure<troupe::start_failed>(pool),
        ContainsSubstring("had a value") || ContainsSubstring("has failed: child 0"));
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    troupe::pool pool{rt(), {.processes = 1}};
    CHECK(pool.apply(square, 3).get() == 9);
  }
}
#endif
