// Children that are replaced because of their memory or their age.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <set>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// What the children of this program have before their first task, and half as much again.
std::size_t more_than_usual() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 400 * mebibyte;
#else
  return 64 * mebibyte;
#endif
}

// Keeps memory for ever.
pid_t grow(std::size_t bytes) {
  static std::vector<std::vector<char>> kept;
  kept.emplace_back(bytes, 'x');
  return ::getpid();
}

pid_t own_pid() {
  return ::getpid();
}

} // namespace

TEST_CASE("a child that leaks is replaced after the task with which it has too much memory") {
  troupe::pool pool{rt(), {.processes = 1, .maxmemoryperchild = more_than_usual()}};
  const auto first = pool.apply(own_pid).get();
  CHECK(pool.apply(grow, more_than_usual()).get() == first); // that task has its value
  CHECK(eventually([&] { return pool.apply(own_pid).get() != first; }));
  const auto second = pool.apply(own_pid).get();
  CHECK(pool.apply(own_pid).get() == second); // which has not too much
  CHECK(pool.stats().deaths == 0);
}

TEST_CASE("no item of a map is lost when its children are replaced for their memory") {
  troupe::pool pool{rt(), {.processes = 2, .maxmemoryperchild = more_than_usual()}};
  const std::vector<std::size_t> sizes(200, more_than_usual() / 16);
  std::set<pid_t> children;
  std::size_t values = 0;
  for (const auto pid : pool.map(grow, sizes)) {
    children.insert(pid);
    ++values;
  }
  CHECK(values == sizes.size());
  CHECK(children.size() > 2);
  CHECK(pool.stats().deaths == 0);
}

TEST_CASE("a limit of memory that a child exceeds before its first task fails the start") {
  troupe::pool pool{rt(), {.processes = 1, .maxmemoryperchild = 1000}};
  try {
    pool.apply(own_pid).get();
    FAIL("it had a value");
  } catch (const troupe::start_failed& failed) {
    CHECK_THAT(
      failed.what(), ContainsSubstring("maxmemoryperchild is 1000 bytes, but a child has "));
  }
}

TEST_CASE("a child is replaced when it is old, also while nothing is to be done") {
  troupe::pool pool{rt(), {.processes = 1, .maxageperchild = 50ms}};
  const auto first = pool.apply(own_pid).get();
  CHECK(eventually([&] { return pool.stats().children[0].restarts >= 2; }));
  CHECK(pool.apply(own_pid).get() != first);
  CHECK(pool.stats().deaths == 0);
}

TEST_CASE("ages out of range are refused before any child starts") {
  CHECK_THROWS_WITH(troupe::pool(rt(), {.processes = 1, .maxageperchild = -1ms}),
    ContainsSubstring("maxageperchild"));
}
