#pragma once

#include "test/plan.hpp"
#include "test/verdict.hpp"

#include <string>
#include <vector>

namespace troupe_cli::test {

/// What became of one test, in all its attempts.
struct test_result {
  std::size_t test = 0;         ///< its place in the plan
  std::vector<verdict> tries{}; ///< empty: it has not run

  const verdict& last() const { return tries.back(); }
  verdict_kind kind() const { return tries.empty() ? verdict_kind::not_run : last().kind; }
  /// It passed after it had failed.
  bool flaky() const { return tries.size() > 1 && kind() == verdict_kind::passed; }
};

/// What is wrong with a process that ran several tests, and with none of them.
struct process_result {
  std::size_t program = 0;
  std::string suite{};
  verdict what{};
};

/// All results, in the order of the plan, for reports.
struct results {
  const test::plan* plan = nullptr;
  std::vector<test_result> tests{};
  std::vector<process_result> processes{};
  std::vector<std::string> problems{}; ///< of set-up, tear-down and the run as a whole, a line each
  std::chrono::system_clock::time_point began{};
  std::chrono::nanoseconds time{0};

  const planned_test& planned(const test_result& of) const { return plan->tests[of.test]; }
};

struct counts {
  std::size_t passed = 0;
  std::size_t flaky = 0;
  std::size_t failed = 0; ///< of any kind, processes as well
  std::size_t skipped = 0;
  std::size_t not_run = 0;
};
counts count(const results& of);

} // namespace troupe_cli::test
