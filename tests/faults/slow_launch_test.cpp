// A launch that takes its time, because the program does not get executed for a while, holds up nobody else.
#include "support/catch.hpp"
#include "support/failing_allocation.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <chrono>

using namespace std::chrono_literals;
using namespace troupe::test;

TEST_CASE("a launch that stands still holds up no pool that runs") {
  troupe::pool running{rt(), {.processes = 1}};
  CHECK(running.apply(square, 2).get() == 4);
  held_allocation launch("troupe-launch", 1);
  troupe::pool waiting{rt(), {.processes = 1}};
  auto task = waiting.apply(square, 5);
  REQUIRE(eventually([&] { return launch.reached(); }));
  for (int i = 0; i < 1000; ++i)
    REQUIRE(running.apply(square, i).get() == i * i);
  CHECK(running.apply(nap, 3).get() == 3);
  CHECK(waiting.stats().children[0].state == troupe::child_state::starting);
  CHECK_FALSE(task.wait_for(0s));
  launch.release();
  CHECK(task.get() == 25);
}
