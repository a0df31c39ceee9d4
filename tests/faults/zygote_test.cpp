// Zygotes that die, are stopped, or cannot be made.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include "parent/launch/launchers.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using troupe::start_method;

namespace {

pid_t own_pid(int) {
  return ::getpid();
}

void throw_in_preload() {
  throw std::out_of_range("no model");
}

void leave_a_thread() {
  std::thread([] { std::this_thread::sleep_for(1h); }).detach();
}

void join_a_thread() {
  std::thread([] {}).join();
}

void exit_in_preload(int code) {
  ::_exit(code);
}

void hang() {
  std::this_thread::sleep_for(1h);
}

void signal_zygotes(int signal) {
  for (const pid_t zygote : zygotes())
    ::kill(zygote, signal);
}

// What keeps a launch by forkserver from working after these preload calls; "" if it does work.
std::string failure_after(
  const troupe::bound_call& preload, std::chrono::milliseconds timeout = 60s) {
  troupe::parent::launchers launchers(
    {{"child"}, {troupe::link::wire_call::from(preload)}, timeout}, nullptr);
  std::promise<troupe::parent::launch_result> promise;
  auto [own, other] = troupe::link::make_control_sockets();
  launchers[start_method::forkserver].launch(std::move(other),
    [&](troupe::parent::launch_result result) { promise.set_value(std::move(result)); });
  const auto result = promise.get_future().get();
  own.reset(); // at which a child ends
  if (!result.failure) {
    siginfo_t info{};
    result.process.descriptor.wait(info, WEXITED);
    return {};
  }
  try {
    std::rethrow_exception(result.failure);
  } catch (const std::exception& e) {
    return e.what();
  }
}

// Another program that waits until it is told to make a pool.
class waiting_program {
public:
  waiting_program(const std::filesystem::path& file, const char* method, const char* how = "alone")
    : program_(file, {"waiting", method, how}) {
    REQUIRE(program_.read_until("\n") == "up\n");
  }

  std::string go() {
    program_.close_input();
    return program_.read_until("");
  }

private:
  piped_program program_;
};

} // namespace

TEST_CASE("a zygote that is killed is made again, and running children survive") {
  troupe::pool pool{rt(), {.processes = 1, .start_method = start_method::forkserver}};
  const auto child = pool.apply(own_pid, 0).get();
  const auto old = zygotes();
  REQUIRE(old.size() == 1);
  ::kill(old[0], SIGKILL);
  CHECK(pool.apply(own_pid, 0).get() == child);
  ::kill(child, SIGKILL);
  CHECK(eventually([&] { return pool.stats().deaths == 1; }));
  CHECK(pool.apply(square, 3).get() == 9);
  REQUIRE(zygotes().size() == 1);
  CHECK(zygotes()[0] != old[0]);
}

TEST_CASE("a zygote that is stopped goes on with its work, and running children do not notice") {
  troupe::pool pool{rt(), {.processes = 1, .start_method = start_method::forkserver}};
  const auto child = pool.apply(own_pid, 0).get();
  signal_zygotes(SIGSTOP);
  CHECK(pool.apply(own_pid, 0).get() == child);
  ::kill(child, SIGKILL);
  CHECK(eventually([&] { return pool.stats().deaths == 1; }));
  CHECK(pool.apply(square, 4).get() == 16);
}

TEST_CASE("zygotes that are killed at any moment cost no task, no child and no descriptor") {
  { // what stays: the launcher and the zygote
    troupe::pool pool{rt(), {.processes = 1, .start_method = start_method::forkserver}};
    pool.apply(square, 1).get();
  }
  const auto before = footprint::of_this_process();
  std::atomic<int> results = 0;
  constexpr int enough = 60;
  // Kills once for each result, some time later: so there is progress however long a zygote takes to start.
  std::thread killer([&] {
    for (int seen = 0; seen < enough; seen = results) {
      results.wait(seen);
      std::this_thread::sleep_for(std::chrono::microseconds(results * 733 % 5000));
      signal_zygotes(SIGKILL);
    }
  });
  {
    troupe::pool pool{rt(), {.processes = 2,
                              .maxtasksperchild = 1,
                              .start_method = start_method::forkserver,
                              .restart = {.backoff = 1ms}}};
    for (int i = 0; i < enough; ++i) {
      CHECK(pool.apply(square, i).get() == i * i);
      ++results;
      results.notify_all();
    }
  }
  killer.join();
  troupe::pool pool{rt(), {.processes = 1, .start_method = start_method::forkserver}};
  CHECK(pool.apply(square, 1).get() == 1);
  pool.close();
  pool.join();
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

TEST_CASE("what a preload call throws reaches the launch, with its type and place") {
  CHECK_THAT(failure_after(troupe::call(throw_in_preload)), ContainsSubstring("no model"));
}

TEST_CASE("preload calls may use threads, but leave none behind") {
  CHECK(failure_after(troupe::call(join_a_thread)).empty());
  CHECK_THAT(failure_after(troupe::call(leave_a_thread)),
    ContainsSubstring("threads running (1)") && ContainsSubstring("initializer"));
}

TEST_CASE("a zygote that ends or hangs while it preloads is an error that says so") {
  CHECK_THAT(failure_after(troupe::call(exit_in_preload, 7)),
    ContainsSubstring("exited with code 7 before it was ready"));
  CHECK_THAT(failure_after(troupe::call(hang), 50ms),
    ContainsSubstring("did not answer in time") && ContainsSubstring("50 ms"));
}

TEST_CASE("failed zygotes leave nothing behind") {
  const auto before = footprint::of_this_process();
  failure_after(troupe::call(throw_in_preload));
  failure_after(troupe::call(exit_in_preload, 0));
  failure_after(troupe::call(join_a_thread));
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

TEST_CASE("a runtime may end while a zygote hangs in a preload call") {
  troupe::parent::launchers launchers(
    {{"child"}, {troupe::link::wire_call::from(troupe::call(hang))}, 24h}, nullptr);
  auto [own, other] = troupe::link::make_control_sockets();
  const auto before = zygotes().size();
  launchers[start_method::forkserver].launch(std::move(other), [](const auto&) {});
  CHECK(eventually([&] { return zygotes().size() > before; }));
}

#if !defined(__SANITIZE_ADDRESS__) // UndefinedBehaviorSanitizer needs descriptors itself
TEST_CASE(
  "a child for which there is no descriptor when it has been forked is an error, and no zombie") {
  troupe::parent::launchers launchers({{"child"}, {}, 60s}, nullptr);
  const auto launch = [&](troupe::base::unique_fd control) {
    std::promise<troupe::parent::launch_result> promise;
    launchers[start_method::forkserver].launch(std::move(control),
      [&](troupe::parent::launch_result result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  };
  {
    auto [own, other] = troupe::link::make_control_sockets();
    const auto first = launch(std::move(other)); // now there is a zygote
    REQUIRE(first.failure == nullptr);
    own.reset(); // at which the child ends
    siginfo_t info{};
    first.process.descriptor.wait(info, WEXITED);
  }
  const auto before = children_of(::getpid());
  auto [own, other] = troupe::link::make_control_sockets();
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  rlimit tight = limit;
  const int lowest = ::dup(STDIN_FILENO);
  REQUIRE(lowest >= 0);
  ::close(lowest);
  tight.rlim_cur = static_cast<rlim_t>(lowest); // whatever is opened next would get it
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  const auto second = launch(std::move(other));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(second.failure != nullptr);
  CHECK_THROWS_WITH(std::rethrow_exception(second.failure), StartsWith("opening a child process"));
  CHECK(children_of(::getpid()) == before);
}
#endif

// TROUPE_FORKS=10000 for the full number.
TEST_CASE("children are forked while threads of the parent hammer malloc, and none is stuck") {
  const char* wanted = std::getenv("TROUPE_FORKS");
  const int count = wanted != nullptr ? std::atoi(wanted) : 200;
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; ++i)
    threads.emplace_back([&done] {
      while (!done) {
        const std::vector<std::string> garbage(64, std::string(100, 'x'));
        std::fprintf(stderr, "%s", garbage.empty() ? "never" : "");
        std::this_thread::sleep_for(1ms);
      }
    });
  for (const auto method : {start_method::forkserver, start_method::spawn}) {
    troupe::pool pool{
      rt(), {.processes = 2, .maxtasksperchild = 1, .start_method = method, .spares = 1}};
    const auto pids = pool.map(own_pid, std::vector<int>(static_cast<std::size_t>(count))).get();
    CHECK(std::set(pids.begin(), pids.end()).size() == static_cast<std::size_t>(count));
  }
  done = true;
  for (auto& thread : threads)
    thread.join();
}

TEST_CASE("a program whose file is replaced while it runs starts children of its own version") {
  const auto file =
    std::filesystem::path("/tmp") / ("troupe-replaced-" + std::to_string(::getpid()));
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    std::filesystem::copy_file(WAITING_PARENT, file);
    waiting_program program(file, method);
    std::filesystem::remove(file);
    std::filesystem::copy_file(DOOMED_PARENT, file); // another program under the same name
    CHECK(program.go() == "16\n");
    std::filesystem::remove(file);
  }
}

TEST_CASE("a program that refers to a function which is not there starts children all the same") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    CHECK(waiting_program(DANGLING_PARENT, method).go() == "16\n");
  }
}

TEST_CASE("start method fork is refused, with the reason, when the program has threads already") {
  waiting_program program(WAITING_PARENT, "fork", "threaded");
  CHECK_THAT(
    program.go(), ContainsSubstring("logic_error: start method fork: this process has 2 threads"));
}
