// What the zygote of start method forkserver runs before it forks.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <system_error>
#include <thread>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

std::string loaded;
pid_t loaded_by = 0;

void load(const std::string& text) {
  loaded += text;
  loaded_by = ::getpid();
}

// Text that is still in the buffer of stdio when the first child is forked.
void print_unflushed(const std::string& path) {
  if (std::freopen(path.c_str(), "w", stdout) == nullptr)
    throw std::system_error(errno, std::generic_category(), path);
  std::printf("printed before the fork\n");
}

// Longer than the start timeout of the test that asks for it.
constexpr const char* slow_variable = "TROUPE_TEST_SLOW_PRELOAD";
void load_slowly() {
  if (std::getenv(slow_variable) != nullptr) // NOLINT(concurrency-mt-unsafe): there is one thread
    std::this_thread::sleep_for(3s);
}

std::string file_of_this_program() {
  return "/tmp/troupe-preload-" + std::to_string(::getpid()) + ".txt";
}

[[maybe_unused]] const bool options_set = [] {
  rt_options().preload = {troupe::call(load, "dictionary"), troupe::call(load, " and model"),
    troupe::call(load_slowly), troupe::call(print_unflushed, file_of_this_program())};
  return true;
}();

} // namespace

TEST_CASE("a runtime with preload calls makes no zygote before a pool wants one") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply([] { return loaded; }).get().empty());
  CHECK(zygotes().empty());
}

TEST_CASE("preload calls run once, in order, in the zygote, and its children have what they made") {
  troupe::pool pool{rt(),
    {.processes = 2, .maxtasksperchild = 1, .start_method = troupe::start_method::forkserver}};
  std::set<pid_t> children;
  std::set<pid_t> loaders;
  for (int i = 0; i < 6; ++i) {
    CHECK(pool.apply([] { return loaded; }).get() == "dictionary and model");
    const auto [by, own] = pool.apply([] { return std::pair(loaded_by, ::getpid()); }).get();
    children.insert(own);
    loaders.insert(by);
  }
  CHECK(children.size() == 6);
  pool.close();
  pool.join();
  REQUIRE(loaders.size() == 1);
  CHECK(zygotes() == std::vector<pid_t>{*loaders.begin()});
  CHECK(loaded.empty()); // here they have not run
}

TEST_CASE("text that was not flushed before a fork is printed once") {
  troupe::pool pool{rt(),
    {.processes = 1, .maxtasksperchild = 1, .start_method = troupe::start_method::forkserver}};
  for (int i = 0; i < 4; ++i)
    pool.apply([](int number) { std::printf("child %d\n", number); }, i).get();
  pool.close();
  pool.join();
  std::ifstream file(file_of_this_program());
  std::multiset<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.insert(line);
  CHECK(lines == std::multiset<std::string>{
                   "child 0", "child 1", "child 2", "child 3", "printed before the fork"});
  ::unlink(file_of_this_program().c_str());
}

TEST_CASE("the time for which a child waits until others are launched is not that of its start") {
  for (const pid_t earlier : zygotes())
    ::kill(earlier, SIGKILL);
  ::setenv(slow_variable, "1", 1);
  // The preload calls count towards the start of its child, which has the time.
  troupe::pool first{rt(), {.processes = 1, .start_method = troupe::start_method::forkserver}};
  troupe::pool second{rt(), {.processes = 1,
                              .start_method = troupe::start_method::forkserver,
                              .restart = {.start_attempts = 1},
                              .start_timeout = 2s}};
  CHECK(second.apply([] { return loaded; }).get() == "dictionary and model");
  ::unsetenv(slow_variable);
  CHECK(second.stats().deaths == 0);
}

TEST_CASE("preload calls must be plain functions, with some time to run") {
  char name[] = "second";
  char* arguments[] = {name, nullptr};
  const auto coroutine = []() -> boost::asio::awaitable<void> { co_return; };
  CHECK_THROWS_AS(
    troupe::runtime(1, arguments, {.preload = {troupe::call(coroutine)}}), std::invalid_argument);
  CHECK_THROWS_AS(
    troupe::runtime(1, arguments, {.preload = {troupe::bound_call()}}), std::invalid_argument);
  CHECK_THROWS_AS(troupe::runtime(1, arguments, {.preload_timeout = 0ms}), std::invalid_argument);
}
