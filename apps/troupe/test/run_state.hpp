#pragma once

#include "test/attempt.hpp"
#include "test/results.hpp"
#include "test/schedule.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// How a run goes, beside the settings of its tests.
struct run_options {
  unsigned width = 1; ///< processes at once
  bool group_suites = false;
  bool until_fail = false; ///< stops at the first failure
  bool forks = true;       ///< programs that can fork their tests do so
  std::string folder{};    ///< where the folders of processes are made
  std::chrono::milliseconds grace{2'000};
  std::set<std::string> retry_causes{"failure", "crash", "timeout", "exit", "left-behind"};
};

/// Is told what happens, in the order in which it does.
class run_listener {
public:
  virtual ~run_listener() = default;
  virtual void on_try(const test_result& /*so_far*/) {} ///< it failed, and is tried again
  virtual void on_result(const test_result& /*result*/) {}
  virtual void on_process_result(const process_result& /*result*/) {}
};

/// What is run in which order, and what becomes of it: the rules of a run, without processes and time.
class run_state {
public:
  run_state(const plan& what, run_options options, run_listener& listener);

  /// A process that is to be run, and the number by which its end is told.
  struct work {
    std::size_t number = 0;
    process_order order{};
    std::string title{}; ///< for people: the test, or the suite and how many tests it has
    std::chrono::milliseconds slow{0};
  };
  /// The next one, for a place to run, which has a folder; nothing if none may be started now.
  std::optional<work> next(unsigned slot);
  void ended(std::size_t number, const attempt& how);

  /// Nothing more is started.
  void stop();
  bool stopped() const { return stopped_; }
  /// Nothing runs, and nothing is going to.
  bool finished() const { return schedule_.running() == 0 && schedule_.waiting() == 0; }

  std::size_t done() const { return done_; }
  const run_options& options() const { return options_; }
  test::results take_results() { return std::move(results_); }
  const test::results& results_so_far() const { return results_; }

private:
  struct job {
    std::vector<std::size_t> tests;
  };
  std::size_t add(std::vector<std::size_t> tests, bool first);
  demand demand_of(const std::vector<std::size_t>& tests) const;
  bool is_forked(const planned_test& test) const;
  process_order order_for(const std::vector<std::size_t>& tests, unsigned slot);
  bool skip_blocked(const std::vector<std::size_t>& tests);
  void conclude(std::size_t test, verdict what);
  void finish(std::size_t test);
  std::string title_of(const std::vector<std::size_t>& tests) const;

  const plan& plan_;
  run_options options_;
  run_listener& listener_;
  schedule schedule_;
  std::vector<job> jobs_;
  std::vector<std::size_t> job_of_test_;
  std::vector<std::size_t> tests_of_program_; // how many
  test::results results_;
  std::size_t done_ = 0;
  bool stopped_ = false;
};

} // namespace troupe_cli::test
