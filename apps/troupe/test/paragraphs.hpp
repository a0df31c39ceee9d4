#pragma once

#include "test/results.hpp"

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// Text of a test, made safe for a terminal: its lines, each after `indent`; of many only the last. Tabs become spaces.
std::string safe_lines(
  std::string_view text, std::string_view indent, std::size_t most_lines = 1000);

/// "CRASH      [   0.1 s] binary suite.name", without a line end.
std::string headline(std::string_view label, std::chrono::nanoseconds time, std::string_view title);

/// All that is to be said of a failure, below its headline.
std::string details(const verdict& what);

/// "0.12 s".
std::string seconds_text(std::chrono::nanoseconds time);

} // namespace troupe_cli::test
