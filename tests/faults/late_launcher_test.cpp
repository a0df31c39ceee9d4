// The thread that launches children keeps nothing of them, however late it is.
#include "support/catch.hpp"
#include "support/failing_allocation.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <unistd.h>

using namespace troupe::test;

TEST_CASE("when join has returned, a launcher that is late keeps no descriptor of the children") {
  {
    troupe::pool warm_up{rt(), {.processes = 1}};
    warm_up.close();
    warm_up.join();
  }
  const auto before = open_descriptors(::getpid());
  const slow_deallocations late("troupe-launch");
  for (int round = 0; round < 5; ++round) {
    troupe::pool pool{rt(), {.processes = 1}};
    auto task = pool.apply(square, 2);
    pool.close();
    pool.join();
    CHECK(open_descriptors(::getpid()) <= before);
    CHECK(task.get() == 4);
  }
}
