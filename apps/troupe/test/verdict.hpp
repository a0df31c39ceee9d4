#pragma once

#include "test/attempt.hpp"
#include "test/test_case.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe_cli::test {

enum class verdict_kind {
  passed,
  skipped,
  failed,      ///< an assertion, or an exit code
  ended_early, ///< it left before the framework had recorded its end
  crashed,
  timed_out,
  left_behind,  ///< it passed, and left processes running
  sanitizer,    ///< a sanitizer reported something, whatever else was the case
  not_started,  ///< its process could not be started
  not_selected, ///< the binary ran, and did not run this case
  interrupted,  ///< it was ended because the run was stopped
  not_run,      ///< the run was stopped before its turn
};

bool is_failure(verdict_kind kind);
/// "FAIL", "CRASH", "TIMEOUT", ...: what stands at the beginning of a line.
const char* label_of(verdict_kind kind);
/// What `--retry-on` and files call it: "failure", "crash", "timeout", "exit", "left-behind", or "" if it is never
/// tried again.
const char* cause_of(verdict_kind kind);

/// What is to be said of one case after one attempt.
struct verdict {
  verdict_kind kind = verdict_kind::not_run;
  std::string type{}; ///< for machines: "SIGSEGV", "timeout", "assertion", "AddressSanitizer: ..."
  std::string message{}; ///< one line for people; not yet made printable
  std::vector<failure> failures{};
  std::string stacks{};
  std::string output{}; ///< empty for one that passed
  std::chrono::nanoseconds time{0};
  bool forked = false; ///< as in `attempt`
};

/// How a program without a framework is judged, as CTest has it. Regular expressions are looked for in the output.
struct plain_rules_of_verdict {
  std::optional<int> skip_exit_code{};
  bool will_fail = false;
  std::vector<std::string> pass_expressions{};
  std::vector<std::string> fail_expressions{};
  std::vector<std::string> skip_expressions{};
};

/// The verdict on a process that ran one case. `record` is null for a program without a framework. Both the framework
/// and the system must say that all is well.
verdict judge(const test_case& which, const attempt& from, const run_record* record,
  const plain_rules_of_verdict& plain = {});

/// The verdicts on a process that ran many cases, in their order. Without a verdict is what has to run alone, since the
/// process died before its end. `process` is what is wrong with the process and with none of its cases.
struct group_verdicts {
  std::vector<std::optional<verdict>> cases{};
  std::optional<verdict> process{};
};
group_verdicts judge_group(
  std::span<const test_case* const> cases, const attempt& from, const run_record& record);

/// "SIGSEGV" for 11.
std::string signal_name(int number);

} // namespace troupe_cli::test
