#pragma once

#include "test/results.hpp"

#include <string>

namespace troupe_cli::test {

/// The results as JSON: {"seconds", "passed", "flaky", "failed", "skipped", "not_run", "tests": [{"binary", "path", "suite",
/// "name", "file", "line", "tags", "outcome", "flaky", "attempts": [{"outcome", "type", "message", "seconds", "failures",
/// "stack", "output"}]}], "processes": [...], "problems": [...]}. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(const results& all);

} // namespace troupe_cli::test
