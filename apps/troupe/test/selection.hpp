#pragma once

#include "test/history.hpp"
#include "test/options.hpp"
#include "test/settings.hpp"

namespace troupe_cli::test {

/// Leaves in the plan what the options select: filters (any of them), `--rerun`, `--shard` and `--repeat`, in that order;
/// and gives each test its settings and the time that it took before. Throws `usage_problem` for a filter.
void select_tests(
  plan& from, const test_options& options, const settings_file& settings, const history& before);

} // namespace troupe_cli::test
