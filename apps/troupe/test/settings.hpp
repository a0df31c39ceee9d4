#pragma once

#include "test/filter.hpp"
#include "test/verdict.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// How one test is run. What nobody has said has the value here.
struct test_settings {
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds slow{10'000}; ///< it is named as slow after each such time
  unsigned retries = 0;
  unsigned weight = 1;                    ///< how many of the places to run it takes
  bool serial = false;                    ///< nothing runs beside it
  bool fork = true;                       ///< from its program, if that forks tests
  std::vector<std::string> exclusive{};   ///< no two tests that share a word here run at once
  std::vector<std::string> environment{}; ///< "NAME=VALUE"
  std::vector<std::string> environment_without{}; ///< names
  std::string directory{};                        ///< empty: where troupe was started
  plain_rules_of_verdict plain{};                 ///< for programs without a framework
  double cost = 0; ///< which is started first, beside its earlier duration
};

/// What is said about some tests, or, without a filter, about all.
struct settings_entry {
  std::optional<filter> which{};
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<std::chrono::milliseconds> slow{};
  std::optional<unsigned> retries{};
  std::optional<unsigned> weight{};
  std::optional<bool> serial{};
  std::optional<bool> fork{};
  std::vector<std::string> exclusive{};
  std::vector<std::string> environment{};
};

/// A file of settings: later entries go over earlier ones, and add to words of exclusion and to the environment.
struct settings_file {
  std::vector<settings_entry> entries{};
  std::vector<std::string> setup{};    ///< a command that runs before all tests
  std::vector<std::string> teardown{}; ///< one that runs after them, whatever became of them
};

/// Reads a TOML file, which may include others. Throws `troupe::config_error` with all that is wrong, a line each:
/// "file:line:column: key: ...".
settings_file read_settings(const std::string& path);

/// `base` with what the entries say about this test.
test_settings settings_for(
  const settings_file& from, const std::string& binary, const test_case& which, test_settings base);

/// "250ms", "2s", "1.5m", "1h"; nothing if it is none of these. A number needs a unit.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text);

} // namespace troupe_cli::test
