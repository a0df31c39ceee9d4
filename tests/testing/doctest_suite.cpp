#define DOCTEST_CONFIG_IMPLEMENT
#include <troupe/testing/doctest.hpp>

#include "testing/suite_functions.hpp"

#include <vector>

// A suite whose failing tests are to fail: testing_test.cpp runs it, and looks at what it says.
namespace {

void check_even(int n) {
  CAPTURE(n);
  CHECK(n % 2 == 0);
}

int requires_positive(int n) {
  REQUIRE(n > 0);
  return n + 1;
}

void fails() {
  FAIL_CHECK("an escape: \x1b[31m");
}

TEST_CASE("even numbers pass") {
  children its;
  its.pool.map(check_even, std::vector{0, 2, 4}).get();
  CHECK(its.pool.apply(requires_positive, 1).get() == 2);
}

TEST_CASE("an odd number fails") {
  children its;
  its.pool.map(check_even, std::vector{2, 3, 4}).get();
}

TEST_CASE("a failed REQUIRE ends its task") {
  children its;
  bool threw = false;
  try {
    its.pool.apply(requires_positive, -1).get();
  } catch (...) {
    threw = true;
  }
  CHECK(threw);
}

TEST_CASE("FAIL_CHECK fails") {
  children its;
  its.pool.apply(fails).get();
}

} // namespace

int main(int argc, char** argv) {
  return troupe::testing::run_doctest(argc, argv);
}
