// A program whose runtime was made with start method fork.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <map>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using troupe::start_method;

namespace {

// What main builds before the runtime.
const std::map<std::string, pid_t> table{{"built by", ::getpid()}};
std::string changed_later = "before the runtime";

[[maybe_unused]] const bool method_set = [] {
  troupe::set_start_method("fork");
  return true;
}();

pid_t builder() {
  return table.at("built by");
}

} // namespace

TEST_CASE("children of start method fork have what main built before the runtime") {
  troupe::pool pool{rt(), {.processes = 2}};
  CHECK(pool.options().start_method == start_method::fork);
  CHECK(pool.apply(builder).get() == ::getpid());
  changed_later = "after the runtime";
  CHECK(pool.apply([] { return changed_later; }).get() == "before the runtime");
  CHECK(pool.apply([] { return ::getppid(); }).get() == ::getpid());
}

TEST_CASE("other start methods can be used beside fork") {
  for (const auto method : {start_method::spawn, start_method::forkserver}) {
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    CHECK(pool.apply(builder).get() != ::getpid());
    CHECK(pool.apply(square, 7).get() == 49);
  }
}

TEST_CASE("forked children crash, retire and are replaced like any others") {
  troupe::pool pool{rt(), {.processes = 1, .maxtasksperchild = 2}};
  for (int i = 0; i < 8; ++i)
    CHECK(pool.apply(square, i).get() == i * i);
  try {
    pool.apply([] { std::abort(); }).get();
    FAIL("the child lives");
  } catch (const troupe::child_lost& loss) {
    CHECK(loss.signal() == SIGABRT);
    CHECK_FALSE(loss.exit().frames.empty());
  }
  CHECK(pool.apply(builder).get() == ::getpid());
}

TEST_CASE("pools of start method fork leave nothing behind") {
  { const troupe::pool warm_up{rt(), {.processes = 1}}; }
  const auto before = footprint::of_this_process();
  {
    troupe::pool pool{rt(), {.processes = 3, .maxtasksperchild = 1, .spares = 1}};
    CHECK(pool.map(square, std::vector<int>(50, 2)).get() == std::vector<int>(50, 4));
  }
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

// The last one: there is no other zygote for this program.
TEST_CASE("without its zygote, children that run go on, and new ones fail with the reason") {
  troupe::pool pool{rt(), {.processes = 1, .restart = {.backoff = 1ms, .start_attempts = 2}}};
  const auto child = pool.apply([] { return ::getpid(); }).get();
  REQUIRE_FALSE(zygotes().empty());
  for (const pid_t zygote : zygotes()) // also that of forkserver, if an earlier test made one
    ::kill(zygote, SIGKILL);
  CHECK(pool.apply([] { return ::getpid(); }).get() == child);
  CHECK(pool.apply(square, 5).get() == 25);
  ::kill(child, SIGKILL);
  const auto failure = [](troupe::pool& failing) -> std::string {
    try {
      failing.apply(square, 1).get();
      return "it had a value";
    } catch (const troupe::child_lost&) {
      return {}; // it came before the death was noticed
    } catch (const troupe::start_failed& e) {
      return e.what();
    }
  };
  CHECK(eventually([&] { return !failure(pool).empty(); }));
  CHECK_THAT(failure(pool), ContainsSubstring("fork") && ContainsSubstring("killed by signal 9") &&
                              ContainsSubstring("cannot be built again"));
  troupe::pool next{rt(), {.processes = 1}};
  CHECK_THAT(failure(next), ContainsSubstring("cannot be built again"));
  troupe::pool spawned{rt(), {.processes = 1, .start_method = start_method::spawn}};
  CHECK(spawned.apply(square, 6).get() == 36);
}
