#pragma once

#include "test/test_case.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli::test {

enum class framework { plain, googletest, catch2, catch2_3, doctest, boost_test };

/// "GoogleTest", "Catch2 2", ... as people are told.
const char* name_of(framework which);
/// What `--framework` takes: "gtest", "catch2", "catch2-3", "doctest", "boost", "plain". Nothing for another word.
std::optional<framework> framework_named(std::string_view word);

/// What one call of a binary left behind: its output, and the file that it was told to write.
struct written {
  std::string out{};
  std::string err{};
  std::string file{};
  int exit_code = 0; ///< -1: it ended by a signal
};

/// A list of cases, or why there is none.
struct listing {
  std::vector<test_case> cases{};
  std::string problem{}; ///< a clause for "NAME: cannot list its tests: ...", empty if all is well
};

/// How a framework is spoken to. Pure: it makes arguments, and reads what came of them.
class framework_rules {
public:
  virtual ~framework_rules() = default;

  /// The arguments of each call that a list of cases takes; `file` is where a call may write. A plain program has
  /// none, and is never called.
  virtual std::vector<std::vector<std::string>> list_calls(const std::string& file) const = 0;
  /// The list, from what each of those calls left. `program` is the name of the binary.
  virtual listing read_listing(
    std::span<const written> calls, const std::string& program) const = 0;

  /// The arguments that run exactly these cases, with the framework's record in `record`. `words` is a file that may be
  /// written with a long selection, and `words_text` what is to be in it (empty: it is not needed).
  struct run_call {
    std::vector<std::string> arguments{};
    std::string words_text{};
  };
  virtual run_call run(std::span<const test_case* const> cases, const std::string& record,
    const std::string& words) const = 0;
  /// The arguments by which a person runs one case, without a record.
  virtual std::vector<std::string> rerun(const test_case& which) const = 0;

  /// What the framework says of a run, from its record (`file`) and its output.
  virtual run_record read_record(const written& run) const = 0;

  /// The prefixes of environment variables that change what the framework does.
  virtual std::vector<std::string_view> own_variables() const { return {}; }
};

const framework_rules& rules_of(framework which);

// Each in a file of its own under frameworks/.
const framework_rules& plain_rules();
const framework_rules& googletest_rules();
const framework_rules& catch2_rules();
const framework_rules& catch2_3_rules();
const framework_rules& doctest_rules();
const framework_rules& boost_test_rules();

} // namespace troupe_cli::test
