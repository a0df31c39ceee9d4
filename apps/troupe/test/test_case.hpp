#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// One test case of a binary, as its framework lists it.
struct test_case {
  std::string suite{}; ///< empty: in none
  std::string name{};  ///< as the framework has it, so that it can be selected by it
  std::vector<std::string> tags{};
  std::string file{}; ///< empty: not known
  unsigned line = 0;
  bool disabled = false; ///< the framework does not run it unless it is told to

  friend bool operator==(const test_case&, const test_case&) = default;
};

/// "suite.name", or the name alone.
inline std::string full_name(const test_case& test) {
  return test.suite.empty() ? test.name : test.suite + '.' + test.name;
}

/// An assertion that failed, or an exception that ended a case, as the framework recorded it.
struct failure {
  std::string file{};
  unsigned line = 0;
  std::string text{};

  friend bool operator==(const failure&, const failure&) = default;
};

enum class outcome {
  passed,
  failed,
  skipped,
  unfinished, ///< its beginning is recorded and its end is not
};

/// What a framework's own record says of one case.
struct case_record {
  std::string suite{};
  std::string name{};
  std::string file{};
  unsigned line = 0; ///< 0: the record does not say
  test::outcome outcome = outcome::unfinished;
  std::vector<failure> failures{};
  std::string reason{}; ///< of a skipped one

  friend bool operator==(const case_record&, const case_record&) = default;
};

/// What a framework recorded of one run of a binary, as far as the record goes.
struct run_record {
  bool complete = false; ///< the run came to its end in the framework's own eyes
  std::vector<case_record> cases{};
};

} // namespace troupe_cli::test
