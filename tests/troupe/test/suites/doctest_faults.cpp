#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "faults.hpp"

TEST_CASE("passes") {
  CHECK(1 + 1 == 2);
}

TEST_SUITE_BEGIN("net");

TEST_CASE("fails") {
  CHECK(1 + 1 == 3);
}

TEST_CASE("crashes") {
  faults::crash();
}

TEST_CASE("leaves early") {
  faults::leave_early();
}

TEST_SUITE_END();

TEST_CASE("hangs") {
  faults::hang();
}

TEST_CASE("leaves a process") {
  faults::leave_process();
}

TEST_CASE("prints a race") {
  faults::print_race();
}

TEST_CASE("is flaky") {
  CHECK_FALSE(faults::first_time());
}

TEST_CASE("twice, by one name") {
  CHECK(true);
}

TEST_CASE("twice, by one name") {
  CHECK(false);
}

TEST_CASE("of two\nlines") {
  CHECK(true);
}

TEST_CASE("\x1b[31m in red, and fails") {
  CHECK(false);
}

TEST_CASE("is skipped" * doctest::skip()) {
  CHECK(false);
}
