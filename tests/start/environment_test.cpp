// The environment of children.
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <cstdlib>
#include <string>

#include <unistd.h>

using namespace troupe::test;

namespace {

constexpr const char* variable = "TROUPE_TEST_ENVIRONMENT";

std::string value() {
  const char* set = std::getenv(variable);
  return set != nullptr ? set : "";
}

void exit_at_once() {
  ::_exit(0);
}

} // namespace

TEST_CASE("children have the environment that their parent had when their pool was made") {
  ::setenv(variable, "when it was made", 1);
  troupe::pool pool{rt(), {.processes = 1, .start_method = troupe::start_method::spawn}};
  CHECK(pool.apply(value).get() == "when it was made");
  ::setenv(variable, "later", 1);
  CHECK_THROWS_AS(pool.apply(exit_at_once).get(), troupe::child_lost);
  CHECK(pool.apply(value).get() == "when it was made");
  troupe::pool next{rt(), {.processes = 1, .start_method = troupe::start_method::spawn}};
  CHECK(next.apply(value).get() == "later");
  ::unsetenv(variable);
}
