#pragma once

#include "test/framework.hpp"

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// What Catch2's reporter `xml` has written, of either version.
run_record read_catch2_record(std::string_view text);

/// The tags of "[a][b]", without those that say something to Catch2 alone, such as "[.]".
std::vector<std::string> catch2_tags(std::string_view text);

/// A name as a test specification of Catch2 has it. `*` at an end is a wildcard there however it is written, and
/// selects more than the one case.
std::string catch2_pattern(std::string_view name);

/// The arguments that select cases: a pattern for one, a file for many, and for a name that looks like an option.
framework_rules::run_call select_catch2_cases(
  std::span<const test_case* const> cases, const std::string& words);

} // namespace troupe_cli::test
