// What happens where the system has no thread to give: that which needs it fails, with what it was for.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

constexpr const char* variable = "TROUPE_TEST_NO_THREADS";

std::atomic<bool> no_threads = std::getenv(variable) != nullptr;

} // namespace

// The program's own comes before the C library's, for all that is in the process.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
  void* (*start)(void*), void* argument) noexcept {
  if (no_threads)
    return EAGAIN;
  static const auto next =
    reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, start, argument);
}

namespace {

pid_t own_pid() {
  return ::getpid();
}

void allow_no_threads() {
  no_threads = true;
}

void use_one_thread(troupe::loop_options& loop) {
  loop.blocking_threads = 1;
}

// What it waits for needs a thread as well.
int wait_for_a_blocking_function(const troupe::pool_handle& pool) {
  return pool.apply(troupe::blocking(square), 3).get();
}

int wait_when_told(const troupe::pool_handle& pool, troupe::queue<int> go) {
  go.pop();
  return wait_for_a_blocking_function(pool);
}

bool can_be_stopped() {
  return troupe::this_task::stop_token().stop_possible();
}

caf::behavior echoing() {
  return {[](int x) { return x; }};
}

// What an actor ends of.
caf::error end_of(const caf::actor& actor) {
  caf::error reason;
  caf::scoped_actor self{rt().system()};
  self->monitor(actor);
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  return reason;
}

} // namespace

TEST_CASE("a task that needs a thread which there is not fails, and its child lives on") {
  troupe::pool pool{rt(), {.processes = 1, .initializer = troupe::call(allow_no_threads)}};
  const auto child = pool.apply(own_pid).get();
  auto blocking = pool.apply(troupe::blocking(square), 3);
  CHECK_THROWS_AS(blocking.get(), std::system_error);
  auto stoppable = pool.apply(can_be_stopped);
  CHECK_THROWS_WITH(stoppable.get(), ContainsSubstring("no thread"));
  CHECK(pool.apply(square_through, pool.handle(), 4).get() == 16); // waits on the child's own loop
  CHECK(pool.apply(nap, 5).get() == 5);
  CHECK(pool.apply(own_pid).get() == child);
}

TEST_CASE("a blocking function that waits for its pool where no thread can take its place fails") {
  troupe::pool pool{
    rt(), {.processes = 1, .childconcurrency = 4, .loop_initializer = &use_one_thread}};
  troupe::queue<int> go(rt(), 1);
  auto waiting = pool.apply(troupe::blocking(wait_when_told), pool.handle(), go);
  auto behind = pool.apply(troupe::blocking(square), 4);
  const auto child =
    pool.apply(own_pid).get(); // both have been begun: the second waits for the thread
  pool.apply(allow_no_threads).get();
  go.push(1);
  REQUIRE(waiting.wait_for(30s));
  CHECK_THROWS_AS(waiting.get(), std::system_error);
  CHECK(behind.get() == 16);
  CHECK(pool.apply(own_pid).get() == child);
}

TEST_CASE("a blocking function for which no thread can be made fails if all others wait") {
  troupe::pool pool{
    rt(), {.processes = 1, .childconcurrency = 4, .loop_initializer = &use_one_thread}};
  const auto child = pool.apply(troupe::blocking(own_pid)).get(); // there is a thread
  pool.apply(allow_no_threads).get();
  for (int i = 0; i < 20; ++i) {
    auto waiting = pool.apply(troupe::blocking(wait_for_a_blocking_function), pool.handle());
    REQUIRE(waiting.wait_for(30s));
    CHECK_THROWS_AS(waiting.get(), std::system_error);
  }
  CHECK(pool.apply(troupe::blocking(own_pid)).get() == child);
}

TEST_CASE("a child starts, and runs tasks, where there is no thread at all") {
  ::setenv(variable, "1", 1);
  troupe::pool pool{rt(), {.processes = 1}};
  const auto result = pool.apply(square, 3).get();
  ::unsetenv(variable);
  CHECK(result == 9);
  CHECK(pool.apply(nap, 5).get() == 5);
}

TEST_CASE(
  "an actor that needs threads which there are not ends with that error, and its child lives on") {
  troupe::pool pool{rt(), {.processes = 1, .initializer = troupe::call(allow_no_threads)}};
  const auto child = pool.apply(own_pid).get();
  for (int i = 0; i < 2; ++i) {
    const auto reason = end_of(pool.spawn(echoing));
    CHECK_THROWS_WITH(troupe::rethrow(reason), ContainsSubstring("actors need threads of CAF"));
  }
  CHECK(pool.apply(own_pid).get() == child);
}
