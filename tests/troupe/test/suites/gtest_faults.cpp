#include "faults.hpp"

#include <gtest/gtest.h>

TEST(Net, Passes) {
  EXPECT_EQ(1 + 1, 2);
}

TEST(Net, Fails) {
  std::puts("a line of its own");
  EXPECT_EQ(1 + 1, 3) << "bytes: \x1b[31m <&> ]]> \xff";
}

TEST(Net, Crashes) {
  faults::crash();
}

TEST(Net, LeavesEarly) {
  faults::leave_early();
}

TEST(Net, Last) {}

TEST(Slow, Hangs) {
  faults::hang();
}

TEST(Slow, LeavesAProcess) {
  faults::leave_process();
}

TEST(Slow, PrintsARace) {
  faults::print_race();
}

TEST(Slow, IsFlaky) {
  EXPECT_FALSE(faults::first_time());
}

TEST(Slow, IsSkipped) {
  GTEST_SKIP() << "not on this machine";
}

TEST(Slow, DISABLED_Never) {
  FAIL();
}

class Numbers : public ::testing::TestWithParam<int> {};

TEST_P(Numbers, AreBelowTwo) {
  EXPECT_LT(GetParam(), 2);
}

INSTANTIATE_TEST_SUITE_P(Few, Numbers, ::testing::Values(0, 1, 2));
