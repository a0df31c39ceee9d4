// The task table in shared memory, as a child uses it.
#include "link/cell_table.hpp"
#include "support/catch.hpp"

#include <vector>

using troupe::link::cell_record;
using troupe::link::cell_table;

TEST_CASE("a stale message does not move the start of the task that has its cell now") {
  std::vector<cell_record> records(1);
  cell_table table(records.data(), 1);
  table.put(0, 7);
  CHECK(table.revoke(0, 7));
  table.release(0);
  table.put(0, 8);
  CHECK(table.start(0, 8, 1000));
  CHECK_FALSE(table.start(0, 7, 9000));
  CHECK(table.started_at(0) == 1000);
  table.finish(0, 8);
  CHECK_FALSE(table.start(0, 7, 9000));
  CHECK(table.started_at(0) == 1000);
}
