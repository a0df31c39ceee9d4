#pragma once

#include "test/framework.hpp"
#include "test/settings.hpp"

#include <span>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// A binary, or the program of a test of CTest.
struct program {
  std::string path{}; ///< absolute: death tests start their own binary anew, from wherever they are
  std::string name{}; ///< as filters and reports have it
  test::framework framework = framework::plain;
  bool sanitized = false;
  bool forks_tests = false;             ///< it can be executed once and forked for each test
  std::vector<std::string> arguments{}; ///< before those that select tests
};

/// One test that is to run.
struct planned_test {
  std::size_t program = 0;
  test_case what{};
  test_settings settings{};
  std::vector<std::size_t> after{}; ///< tests that must have ended, if they are not disabled
  std::vector<std::size_t>
    requires_passed{};         ///< of those, the ones without whose success this one cannot run
  unsigned repetition = 0;     ///< 0: it runs once
  double expected_seconds = 0; ///< as long as it took before; 0: not known
};

/// All that is to be run, in the order of the binaries and of their lists.
struct plan {
  std::vector<program> programs{};
  std::vector<planned_test> tests{};

  const program& program_of(const planned_test& test) const { return programs[test.program]; }
  /// "binary suite.name", with the number of a repetition.
  std::string title(const planned_test& test) const;
};

/// The command line of a process that runs these tests of one program, and what a shell would be given to rerun one.
struct process_line {
  std::vector<std::string> argv{};
  std::string words_text{};
};
process_line line_of(
  const plan& from, std::span<const std::size_t> tests, const std::string& folder);
/// The command line by which a program is executed that forks its tests.
std::vector<std::string> zygote_line(const program& which);
std::vector<std::string> rerun_line(const plan& from, const planned_test& test);

/// "NAME=value program 'an argument'", to be given to a shell.
std::string shell_text(
  const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});

/// Which jobs there are: one for each test, or one for each suite of a program, as large as a command line bears. Tests that
/// have settings of their own beside others of their suite run alone; disabled ones do not run.
std::vector<std::vector<std::size_t>> jobs_of(const plan& from, bool group_suites);

} // namespace troupe_cli::test
