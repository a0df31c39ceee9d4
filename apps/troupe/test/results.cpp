#include "test/results.hpp"

namespace troupe_cli::test {

counts count(const results& of) {
  counts out;
  out.failed = of.processes.size();
  for (const auto& each : of.tests)
    if (is_failure(each.kind()))
      ++out.failed;
    else if (each.flaky())
      ++out.flaky;
    else if (each.kind() == verdict_kind::passed)
      ++out.passed;
    else if (each.kind() == verdict_kind::skipped)
      ++out.skipped;
    else
      ++out.not_run;
  return out;
}

} // namespace troupe_cli::test
