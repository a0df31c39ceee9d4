#include "faults.hpp"

#include "support/catch.hpp"

TEST_CASE("passes", "[net][quick]") {
  REQUIRE(1 + 1 == 2);
}

TEST_CASE("fails", "[net]") {
  INFO("some <context>");
  CHECK(1 + 1 == 3);
}

TEST_CASE("crashes") {
  faults::crash();
}

TEST_CASE("leaves early") {
  faults::leave_early();
}

TEST_CASE("hangs", "[slow]") {
  faults::hang();
}

TEST_CASE("leaves a process") {
  faults::leave_process();
}

TEST_CASE("prints a race") {
  faults::print_race();
}

TEST_CASE("is flaky") {
  REQUIRE_FALSE(faults::first_time());
}

TEST_CASE("may fail", "[!mayfail]") {
  CHECK(false);
}

TEST_CASE("odd, with a comma [and] *stars* \"quotes\" ~tilde \\backslash") {
  CHECK(true);
}

TEST_CASE(
  "a name that is so long that a list for people, which has eighty columns, breaks it", "[long]") {
  CHECK(true);
}

TEST_CASE("of two\nlines", "[odd]") {
  CHECK(true);
}

TEST_CASE("with a tab\tand a blank ", "[odd]") {
  CHECK(true);
}

TEST_CASE("-begins like an option") {
  CHECK(true);
}

TEST_CASE("is hidden", "[.]") {
  FAIL();
}
