#pragma once

#include "test/results.hpp"

#include <map>
#include <string>

namespace troupe_cli::test {

/// What became of tests the last time that each of them ran, in a file: for `--rerun`, and to start first what takes
/// longest.
class history {
public:
  struct entry {
    /// Or was skipped. False also if a run was stopped before its turn, or its end.
    bool passed = false;
    double seconds = 0;
  };

  /// Reads the text of a file; lines that are none of ours are left out.
  explicit history(std::string_view text = {});
  std::string text() const;

  /// The entry of a test; null for one that has never run.
  const entry* find(const plan& of, const planned_test& test) const;
  /// Takes in what has run. What was to run and has not keeps the time that it took before.
  void add(const results& from);

private:
  static std::string key(const plan& of, const planned_test& test);

  std::map<std::string, entry> entries_;
};

/// The file in the user's cache for tests that are run in this working directory; empty if there is no such place.
std::string default_history_file();

} // namespace troupe_cli::test
