#pragma once

#include "test/results.hpp"

#include <string>

namespace troupe_cli::test {

/// The results as JUnit XML that GitLab, Jenkins and GitHub's actions show. A suite for each binary; a failed assertion
/// is a `failure`, everything else an `error` whose type says what it was, with all there is to say as text, since some
/// readers show nothing else; attempts that were followed by another are `flakyFailure`, `rerunFailure` and their kin, as
/// Surefire names them. What has not run is `skipped`, and says so.
std::string junit_text(const results& all);

} // namespace troupe_cli::test
