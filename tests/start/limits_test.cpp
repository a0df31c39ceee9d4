// What a child may use.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <atomic>
#include <csignal>
#include <fstream>
#include <new>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

std::size_t limit_of(int resource) {
  rlimit value{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &value);
  return value.rlim_cur;
}

int own_nice() {
  return ::getpriority(PRIO_PROCESS, 0);
}

std::vector<std::size_t> own_cpus() {
  cpu_set_t allowed;
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<std::size_t> cpus;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed))
      cpus.push_back(cpu);
  return cpus;
}

} // namespace

TEST_CASE("without limits a child has what the parent has") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(limit_of, RLIMIT_NOFILE).get() == limit_of(RLIMIT_NOFILE));
  CHECK(pool.apply(own_nice).get() == own_nice());
  CHECK(pool.apply(own_cpus).get() == own_cpus());
}

TEST_CASE("a child is under the limits before its initializer runs") {
  const auto cpu = own_cpus().back();
  const auto note = [] { ::setenv("TROUPE_TEST_NICE", std::to_string(own_nice()).c_str(), 1); };
  troupe::pool pool{rt(),
    {.processes = 1,
      .initializer = troupe::call(note),
      .limits = {
        .open_files = 100, .file_size = 1000, .nice = 3, .cpus = {cpu}, .no_new_privs = true}}};
  CHECK(pool.apply(limit_of, RLIMIT_NOFILE).get() == 100);
  CHECK(pool.apply(limit_of, RLIMIT_FSIZE).get() == 1000);
  CHECK(pool.apply(own_nice).get() == own_nice() + 3);
  CHECK(pool.apply([] { return std::string(std::getenv("TROUPE_TEST_NICE")); }).get() ==
        std::to_string(own_nice() + 3));
  CHECK(pool.apply(own_cpus).get() == std::vector{cpu});
  CHECK(pool.apply([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }).get() == 1);
}

TEST_CASE("a child leaves a core file only if it is told to") {
  const auto soft_limit = [] {
    rlimit value{};
    ::getrlimit(RLIMIT_CORE, &value);
    return value.rlim_cur;
  };
  troupe::pool with{rt(), {.processes = 1, .limits = {.core_dumps = true}}};
  rlimit own{};
  REQUIRE(::getrlimit(RLIMIT_CORE, &own) == 0);
  CHECK(with.apply(soft_limit).get() == own.rlim_max);
  troupe::pool without{rt(), {.processes = 1}};
  CHECK(without.apply(soft_limit).get() == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they reserve terabytes
TEST_CASE("a task that wants more memory than its child may have gets bad_alloc") {
  troupe::pool pool{rt(), {.processes = 1, .limits = {.address_space = std::size_t{2} << 30}}};
  const auto take = [](std::size_t bytes) { return std::vector<char>(bytes).size(); };
  CHECK_THROWS_AS(pool.apply(take, std::size_t{4} << 30).get(), std::bad_alloc);
  CHECK(pool.apply(take, std::size_t{1000}).get() == 1000);
}
#endif

TEST_CASE("a child that uses more CPU time than it may is ended, and its task is lost") {
  troupe::pool pool{rt(), {.processes = 1, .limits = {.cpu_time = 1s}}};
  try {
    pool.apply(spin_forever).get();
    FAIL("it ended by itself");
  } catch (const troupe::child_lost& lost) {
    CHECK((lost.signal() == SIGXCPU || lost.signal() == SIGKILL));
  }
  CHECK(pool.apply(own_nice).get() == own_nice());
}

TEST_CASE("a limit that cannot be put in force fails the start and is named") {
  troupe::pool pool{rt(), {.processes = 1, .limits = {.cpus = {1'000'000}}}};
  try {
    pool.apply(own_nice).get();
    FAIL("it had a value");
  } catch (const troupe::start_failed& failed) {
    CHECK_THAT(failed.what(), ContainsSubstring("limits.cpus"));
  }
}

TEST_CASE("limits out of range are refused before any child starts") {
  CHECK_THROWS_WITH(
    troupe::pool(rt(), {.processes = 1, .limits = {.nice = 40}}), ContainsSubstring("limits.nice"));
  CHECK_THROWS_WITH(troupe::pool(rt(), {.processes = 1, .limits = {.cpu_time = -1s}}),
    ContainsSubstring("limits.cpu_time"));
}
