// Warm spares.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <set>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

pid_t own_pid(int) {
  return ::getpid();
}

std::size_t slot() {
  return troupe::this_child::slot();
}

void die() {
  ::raise(SIGKILL);
}

std::size_t slot_of_initializer = 0;

// How many children of this process belong to a pool that is named so.
std::size_t children_named(const std::string& name) {
  auto found = children_of(::getpid());
  std::erase_if(found, [&](pid_t pid) { return name_of(pid) != name || state_of(pid) == "Z"; });
  return found.size();
}

} // namespace

TEST_CASE("spares are started beside the processes and take no tasks") {
  troupe::pool pool{rt(), {.processes = 2, .name = "with-spares", .spares = 2}};
  CHECK(eventually([] { return children_named("with-spares") == 4; }));
  const auto pids = pool.map(own_pid, std::vector<int>(200)).get();
  CHECK(std::set(pids.begin(), pids.end()).size() <= 2);
  CHECK(pool.stats().children.size() == 2);
  CHECK(pool.options().spares == 2);
  pool.close();
  pool.join();
  CHECK(eventually([] { return children_named("with-spares") == 0; }));
}

TEST_CASE("a spare takes the position of a child that dies, and another is started") {
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call([] { slot_of_initializer = slot(); }),
                            .name = "one-spare",
                            .spares = 1}};
  const auto first = pool.apply(own_pid, 0).get();
  CHECK(pool.apply([] { return slot_of_initializer; }).get() == 0);
  for (std::size_t death = 1; death <= 3; ++death) {
    REQUIRE(eventually([] { return children_named("one-spare") == 2; }));
    CHECK_THROWS_AS(pool.apply(die).get(), troupe::child_lost);
    CHECK(pool.apply(slot).get() == 0);
    const auto stats = pool.stats();
    REQUIRE(stats.children.size() == 1);
    CHECK(stats.children[0].slot == 0);
    CHECK(stats.children[0].restarts == death);
    CHECK(stats.deaths == death);
    CHECK(stats.children[0].pid == pool.apply(own_pid, 0).get());
    CHECK(stats.children[0].pid != first);
  }
}

TEST_CASE("what a former spare reports has its present slot") {
  troupe::pool pool{rt(), {.processes = 1, .name = "reporting", .spares = 1}};
  REQUIRE(eventually([] { return children_named("reporting") == 2; }));
  CHECK_THROWS_AS(pool.apply(die).get(), troupe::child_lost);
  try {
    pool.apply([] { throw std::runtime_error("thrown by a former spare"); }).get();
    FAIL("nothing was thrown");
  } catch (const troupe::proxy_exception& e) {
    CHECK(e.slot() == 0);
  }
  try {
    pool.apply(die).get();
    FAIL("the child lives");
  } catch (const troupe::child_lost& e) {
    CHECK(e.slot() == 0);
  }
}

TEST_CASE("spares take the places of children that retire, and no task is lost or run twice") {
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    INFO(troupe::to_string(method));
    troupe::pool pool{
      rt(), {.processes = 2, .maxtasksperchild = 1, .start_method = method, .spares = 2}};
    constexpr std::size_t count = 40;
    const auto pids = pool.map(own_pid, std::vector<int>(count)).get();
    CHECK(std::set(pids.begin(), pids.end()).size() == count); // one task a child
    pool.close();
    pool.join();
    const auto stats = pool.stats();
    CHECK(stats.succeeded == count);
    CHECK(stats.deaths == 0);
    CHECK(stats.children.size() == 2);
    CHECK(stats.children[0].tasks + stats.children[1].tasks == count);
  }
}

TEST_CASE("a spare that dies is replaced, and counts as a death") {
  troupe::pool pool{rt(), {.processes = 1, .name = "dying-spare", .spares = 1}};
  const auto worker = pool.apply(own_pid, 0).get();
  REQUIRE(eventually([] { return children_named("dying-spare") == 2; }));
  for (const pid_t child : children_of(::getpid()))
    if (child != worker && name_of(child) == "dying-spare")
      ::kill(child, SIGKILL);
  CHECK(eventually([&] { return pool.stats().deaths == 1; }));
  CHECK(eventually([] { return children_named("dying-spare") == 2; }));
  CHECK(pool.apply(own_pid, 0).get() == worker);
  CHECK(pool.stats().children[0].restarts == 0);
}

TEST_CASE("a spare whose initializer throws fails the pool as any child does") {
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call([] {
                              if (slot() >= 1)
                                throw std::runtime_error("no room for a spare");
                            }),
                            .spares = 1,
                            .restart = {.backoff = 1ms}}};
  const auto failure = [&pool]() -> std::string {
    try {
      pool.apply(own_pid, 0).get();
      return {};
    } catch (const troupe::start_failed& e) {
      return e.what();
    }
  };
  CHECK(eventually([&] { return !failure().empty(); }));
  CHECK_THAT(failure(), ContainsSubstring("spare 0") && ContainsSubstring("no room for a spare"));
}

TEST_CASE("more spares than there can be are refused") {
  CHECK_THROWS_WITH(
    troupe::pool(rt(), {.processes = 1, .spares = 1025}), ContainsSubstring("0 to 1024"));
}
