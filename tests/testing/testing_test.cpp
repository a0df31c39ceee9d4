#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <cstdlib>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <sys/wait.h>

// Suites of three test frameworks, with assertions in children, some of which fail: each is run as a program.
namespace {

struct run {
  int exit_code;
  std::string output;

  bool says(const std::string& expression) const {
    return std::regex_search(output, std::regex(expression));
  }
};

run run_suite(const std::string& program, std::vector<std::string> arguments,
  const std::string& start_method = "spawn") {
  ::setenv("SUITE_START_METHOD", start_method.c_str(), 1);
  arguments.insert(arguments.begin(), program);
  troupe::test::piped_program suite(program, arguments);
  auto output = suite.read_until("");
  const int status = suite.wait();
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, std::move(output)};
}

// "FILE:LINE" of the line that contains `text`.
std::string place_of(const std::string& file, const std::string& text, const char* between) {
  std::ifstream in(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find(text) != std::string::npos)
      return file + between + std::to_string(number);
  }
  FAIL(file << " has no line with " << text);
  return {};
}

constexpr const char* methods[] = {"spawn", "forkserver", "fork"};

} // namespace

#ifdef GTEST_SUITE
TEST_CASE("what GoogleTest checks in children passes") {
  for (const auto* method : methods) {
    INFO(method);
    const auto ran = run_suite(GTEST_SUITE, {"--gtest_filter=Children.EvenNumbersPass"}, method);
    CHECK(ran.exit_code == 0);
    CHECK(ran.says("PASSED  \\] 1 test"));
  }
}

TEST_CASE("an EXPECT that fails in a child fails the test, with file and line") {
  for (const auto* method : methods) {
    INFO(method);
    const auto ran = run_suite(GTEST_SUITE, {"--gtest_filter=Children.AnOddNumberFails"}, method);
    INFO(ran.output);
    CHECK(ran.exit_code == 1);
    CHECK(ran.output.find(place_of(GTEST_SOURCE, "EXPECT_EQ(n % 2, 0)", ":") + ": Failure") !=
          std::string::npos);
    CHECK(
      ran.says("in child [0-9]+: Expected equality of these values:\n  n % 2\n    Which is: 1\n"));
    CHECK(ran.says("of 3"));
    CHECK(ran.says("FAILED  \\] Children.AnOddNumberFails"));
  }
}

TEST_CASE(
  "EXPECTs that fail in blocking functions at the same time are all there before the results") {
  const auto ran = run_suite(GTEST_SUITE, {"--gtest_filter=Children.ManyFailInThreads"});
  INFO(ran.output);
  CHECK(ran.exit_code == 1);
  for (const auto* number : {"of 1", "of 3", "of 5", "of 7", "of 9"})
    CHECK(ran.says(number));
  CHECK_FALSE(ran.says("HasNonfatalFailure"));
}

TEST_CASE(
  "an ASSERT that fails in a child returns from its function, and what it says is made printable") {
  const auto ran = run_suite(GTEST_SUITE, {"--gtest_filter=Children.AFailedAssertReturns"});
  INFO(ran.output);
  CHECK(ran.exit_code == 1);
  CHECK(ran.output.find("an escape: \\x1B[31m") != std::string::npos);
  CHECK_FALSE(ran.says("its.pool.apply"));
}

TEST_CASE("GTEST_SKIP in a child fails the test, which is told what to do") {
  const auto ran = run_suite(GTEST_SUITE, {"--gtest_filter=Children.CannotSkip"});
  CHECK(ran.exit_code == 1);
  CHECK(ran.says("GTEST_SKIP in a child does not skip the test: call it in the test itself"));
}

TEST_CASE(
  "death tests that start the program again may use pools, those that fork are refused them") {
  const auto ran = run_suite(GTEST_SUITE, {"--gtest_filter=ChildrenDeathTest.*"});
  INFO(ran.output);
  CHECK(ran.exit_code == 0);
  CHECK(ran.says("PASSED  \\] 2 tests"));
}
#endif

#ifdef DOCTEST_SUITE
TEST_CASE("what doctest checks in children passes, and fails with file and line") {
  for (const auto* method : methods) {
    INFO(method);
    const auto passed = run_suite(DOCTEST_SUITE, {"--test-case=even numbers pass"}, method);
    INFO(passed.output);
    CHECK(passed.exit_code == 0);
    CHECK(passed.says("SUCCESS!"));

    const auto failed = run_suite(DOCTEST_SUITE, {"--test-case=an odd number fails"}, method);
    INFO(failed.output);
    CHECK(failed.exit_code == 1);
    CHECK(failed.output.find(place_of(DOCTEST_SOURCE, "CHECK(n % 2 == 0)", ":") + ": ERROR:") !=
          std::string::npos);
    CHECK(failed.says("in child [0-9]+: CHECK\\( n % 2 == 0 \\) with values 1 == 0"));
    CHECK(failed.says("logged: n := 3"));
  }
}

TEST_CASE(
  "a REQUIRE of doctest that fails in a child ends its task, and a FAIL_CHECK is reported") {
  const auto required = run_suite(DOCTEST_SUITE, {"--test-case=a failed REQUIRE ends its task"});
  INFO(required.output);
  CHECK(required.exit_code == 1);
  CHECK(required.says("REQUIRE\\( n > 0 \\) with values -1 >  ?0"));
  CHECK(required.says("assertions: 2 \\| 1 passed \\| 1 failed"));

  const auto failed = run_suite(DOCTEST_SUITE, {"--test-case=FAIL_CHECK fails"});
  INFO(failed.output);
  CHECK(failed.exit_code == 1);
  CHECK(failed.output.find("an escape: \\x1B[31m") != std::string::npos);
}
#endif

TEST_CASE("what Catch2 checks in children passes, and fails with file and line") {
  for (const auto* method : methods) {
    INFO(method);
    const auto passed = run_suite(CATCH2_SUITE, {"even numbers pass"}, method);
    INFO(passed.output);
    CHECK(passed.exit_code == 0);
    CHECK(passed.says("All tests passed \\(1 assertion in 1 test case\\)"));

    const auto failed = run_suite(CATCH2_SUITE, {"an odd number fails"}, method);
    INFO(failed.output);
    CHECK(failed.exit_code == 1);
    CHECK(failed.output.find(place_of(CATCH2_SOURCE, "CHECK(n % 2 == 0)", ":") + ": FAILED:") !=
          std::string::npos);
    CHECK(failed.says("in one section"));
    CHECK_FALSE(failed.says("and not in the other"));
    CHECK(failed.says("in child [0-9]+: CHECK\\( n % 2 == 0 \\) with expansion: 1 == 0\n *n is 3"));
    CHECK(failed.says("test cases: 1 \\| 1 failed"));
  }
}

TEST_CASE("a REQUIRE of Catch2 that fails in a child ends its task, and a FAIL_CHECK is reported") {
  const auto required = run_suite(CATCH2_SUITE, {"a failed REQUIRE ends its task"});
  INFO(required.output);
  CHECK(required.exit_code == 1);
  CHECK(required.says("REQUIRE\\( n > 0 \\) with expansion: -1 > 0"));
  CHECK(required.says("assertions: 2 \\| 1 passed \\| 1 failed"));

  const auto failed =
    run_suite(CATCH2_SUITE, {"FAIL_CHECK fails", "--abort", "--reporter", "junit"});
  INFO(failed.output);
  CHECK(failed.exit_code == 1);
  CHECK(failed.output.find("an escape: \\x1B[31m") != std::string::npos);
  CHECK(failed.says("failures=\"1\""));
}
