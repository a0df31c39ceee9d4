#pragma once

#include "test/options.hpp"
#include "test/plan.hpp"
#include "test/test_pool.hpp"

namespace troupe_cli::test {

/// A list of tests could not be had. One or more lines.
struct listing_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The programs that are named, each with what its file says of it. Throws `usage_error` for what cannot be run.
std::vector<program> programs_of(const test_options& options);

/// The tests of all programs, as these list them when they are run by the pool; in `folder` they may write. Throws
/// `listing_error`.
std::vector<planned_test> list_tests(test_pool& pool, const std::vector<program>& programs,
  const test_options& options, const std::string& folder);

} // namespace troupe_cli::test
