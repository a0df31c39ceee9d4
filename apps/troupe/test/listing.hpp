#pragma once

#include "test/options.hpp"
#include "test/plan.hpp"
#include "test/test_pool.hpp"

namespace troupe_cli::test {

/// The programs that are named, each with what its file says of it. Throws `usage_problem` for what cannot be run.
std::vector<program> programs_of(const test_options& options);

/// The tests of all programs, as these list them when they are run by the pool; in `folder` they may write. Throws
/// `broken_problem`, of one or more lines.
std::vector<planned_test> list_tests(test_pool& pool, const std::vector<program>& programs,
  const test_options& options, const std::string& folder);

} // namespace troupe_cli::test
