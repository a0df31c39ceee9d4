#pragma once

#include "test/run_state.hpp"

#include <iosfwd>
#include <string>

namespace troupe_cli::test {

/// Tells people of a run: failures at once, and all of them again at its end. What has passed is told only if asked for.
class terminal_report final : public run_listener {
public:
  terminal_report(std::ostream& out, const plan& what, bool verbose);

  void on_try(const test_result& so_far) override;
  void on_result(const test_result& result) override;
  void on_process_result(const process_result& result) override;

  /// The end of the report.
  void sum_up(const results& all, bool flaky_fails);

private:
  void print_failure(const test_result& result, std::string_view label);

  std::ostream& out_;
  const plan& plan_;
  bool verbose_;
};

} // namespace troupe_cli::test
