#include <troupe/testing/gtest.hpp>

#include "testing/suite_functions.hpp"

#include <vector>

// A suite whose failing tests are to fail: testing_test.cpp runs it, and looks at what it says.
namespace {

void expect_even(int n) {
  EXPECT_EQ(n % 2, 0) << "of " << n;
}

int asserts_then_returns(int n) {
  const auto check = [n] { ASSERT_GT(n, 0) << "an escape: \x1b[31m"; };
  check();
  return n + 1;
}

void skips() {
  GTEST_SKIP() << "not here";
}

TEST(Children, EvenNumbersPass) {
  children its;
  its.pool.map(expect_even, std::vector{0, 2, 4}).get();
}

TEST(Children, AnOddNumberFails) {
  children its;
  its.pool.map(expect_even, std::vector{2, 3, 4}).get();
}

TEST(Children, ManyFailInThreads) {
  children its;
  its.pool.map(troupe::blocking(expect_even), std::vector{1, 3, 5, 7, 9}).get();
  EXPECT_TRUE(HasNonfatalFailure()); // they are here before the results
}

TEST(Children, AFailedAssertReturns) {
  children its;
  EXPECT_EQ(its.pool.apply(asserts_then_returns, -1).get(), 0);
}

TEST(Children, CannotSkip) {
  children its;
  its.pool.apply(skips).get();
}

TEST(ChildrenDeathTest, ThreadsafeOnesMayUsePools) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
    {
      children its;
      std::exit(its.pool.apply(asserts_then_returns, 1).get());
    },
    ::testing::ExitedWithCode(2), "");
}

TEST(ChildrenDeathTest, FastOnesAreRefusedAPool) {
  GTEST_FLAG_SET(death_test_style, "fast");
  children its;
  EXPECT_EXIT(
    {
      try {
        its.pool.apply(asserts_then_returns, 1).get();
      } catch (const std::exception& e) {
        std::fputs(e.what(), stderr);
        std::_Exit(3);
      }
    },
    ::testing::ExitedWithCode(3), "copy");
}

} // namespace

int main(int argc, char** argv) {
  return troupe::testing::run_gtest(argc, argv);
}
