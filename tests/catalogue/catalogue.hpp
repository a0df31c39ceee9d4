#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

/// The catalogue of faults (faults.txt), and what the tests have of it.
namespace troupe::test {

struct fault_row {
  enum class state { proven, in_part, not_yet, not_here };

  std::string id;                    ///< a letter, that of its section, and a number
  std::string text;                  ///< what happens, and what must hold
  std::vector<std::string> cases;    ///< test cases that prove it
  std::vector<std::string> programs; ///< tests of CTest that do
  std::string rest;                  ///< what is left, or why it cannot be shown
  state is = state::proven;
};

struct fault_catalogue {
  std::vector<fault_row> rows;
  std::size_t not_yet = 0; ///< so many rows have no test, as it says itself,
  std::size_t in_part = 0; ///< and so many are not proven as a whole
};

/// Throws `std::runtime_error` with the number of a line that cannot be.
fault_catalogue parse_catalogue(const std::string& text);

/// What there is to prove rows with.
struct known_tests {
  std::set<std::string> cases;
  std::set<std::string> programs;
  std::set<std::string> must_prove; ///< cases that have to stand in some row
};

/// The names of the test cases of a source.
std::set<std::string> cases_in(const std::string& source);
/// The names of the tests that a CMakeLists.txt gives to CTest by `add_test`.
std::set<std::string> programs_in(const std::string& cmake);

/// What is wrong with the catalogue, a line each: rows without a test, tests that are not there or stand in no row,
/// numbers that are not true.
std::vector<std::string> problems_of(const fault_catalogue& catalogue, const known_tests& tests);

/// Each row with what proves it, and how many there are of each kind.
std::string report_of(const fault_catalogue& catalogue);

} // namespace troupe::test
