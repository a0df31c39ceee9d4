#include "test/verdict.hpp"

#include "test/expressions.hpp"
#include "test/frameworks/names.hpp"
#include "test/sanitizer.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <string_view>

namespace troupe_cli::test {
namespace {

struct kind_words {
  verdict_kind kind;
  const char* label;
  const char* cause;
  bool failure;
};

constexpr kind_words words[]{
  {verdict_kind::passed, "PASS", "", false},
  {verdict_kind::skipped, "SKIP", "", false},
  {verdict_kind::failed, "FAIL", "failure", true},
  {verdict_kind::ended_early, "EXIT", "exit", true},
  {verdict_kind::crashed, "CRASH", "crash", true},
  {verdict_kind::timed_out, "TIMEOUT", "timeout", true},
  {verdict_kind::left_behind, "LEFT", "left-behind", true},
  {verdict_kind::sanitizer, "SANITIZER", "", true},
  {verdict_kind::not_started, "ERROR", "", true},
  {verdict_kind::not_selected, "ERROR", "", true},
  {verdict_kind::interrupted, "STOPPED", "", true},
  {verdict_kind::not_run, "NOT RUN", "", false},
};

const kind_words& words_of(verdict_kind kind) {
  return *std::ranges::find(words, kind, &kind_words::kind);
}

bool same_file(std::string_view recorded, std::string_view listed) {
  return recorded.empty() || listed.empty() || recorded == listed;
}

/// Catch2 2 leaves out white space around names where it writes them as XML.
bool same_name(std::string_view recorded, std::string_view listed) {
  return recorded == listed || recorded == trimmed(listed);
}

/// The record of a case. A framework may select more than was meant, and some allow two cases of one name.
const case_record* record_of(const test_case& which, const run_record& from) {
  const case_record* found = nullptr;
  for (const auto& each : from.cases) {
    if (!same_name(each.name, which.name) || !same_file(each.file, which.file) ||
        (!each.suite.empty() && each.suite != which.suite) ||
        (each.line != 0 && which.line != 0 && each.line != which.line))
      continue;
    // Of several runs of one case (a data-driven one may repeat its name) the worst counts.
    if (found == nullptr || each.outcome == outcome::failed || each.outcome == outcome::unfinished)
      found = &each;
  }
  return found;
}

/// Whether the process died while it was leaving, by the frames of its stack.
bool was_leaving(std::string_view stacks) {
  return stacks.find(" exit\n") != std::string_view::npos ||
         stacks.find(" exit ") != std::string_view::npos ||
         stacks.find("__run_exit_handlers") != std::string_view::npos;
}

/// What is wrong with the process, whatever its framework says; nothing if it left with an exit code.
std::optional<verdict> process_fault(const attempt& from) {
  const auto& end = from.end;
  verdict out;
  if (end.cause == end_cause::not_started) {
    out.kind = verdict_kind::not_started;
    out.type = "not started";
    out.message = end.problem;
    return out;
  }
  if (auto report = find_sanitizer_report(from.output); !report.kind.empty()) {
    out.kind = verdict_kind::sanitizer;
    out.type = report.kind;
    out.message = report.summary;
    out.stacks = std::move(report.text);
    return out;
  }
  if (end.cause == end_cause::cancelled) {
    out.kind = verdict_kind::interrupted;
    out.type = "interrupted";
    out.message = "it was ended because the run was stopped";
    return out;
  }
  if (end.cause == end_cause::timeout) {
    out.kind = verdict_kind::timed_out;
    out.type = "timeout";
    const auto tenths =
      std::chrono::duration_cast<std::chrono::duration<long, std::deci>>(end.wall_time).count();
    out.message = "timeout: it was ended after " + std::to_string(tenths / 10) + '.' +
                  std::to_string(tenths % 10) + " s";
    return out;
  }
  if (end.signal != 0) {
    out.kind = verdict_kind::crashed;
    out.type = signal_name(end.signal);
    out.message = out.type + " (" + ::strsignal(end.signal) + ")";
    if (was_leaving(from.stacks))
      out.message = "it called exit before its end, and died of " + out.message + " on the way out";
    return out;
  }
  return std::nullopt;
}

std::optional<verdict> left_processes(const attempt& from) {
  if (from.end.left.empty())
    return std::nullopt;
  verdict out;
  out.kind = verdict_kind::left_behind;
  out.type = "left-behind";
  out.message = describe_left(from.end);
  return out;
}

verdict finished(verdict out, const attempt& from) {
  out.time = from.end.wall_time;
  out.forked = from.forked;
  if (out.kind == verdict_kind::passed)
    return out;
  out.output = from.output;
  if (out.stacks.empty())
    out.stacks = from.stacks;
  return out;
}

/// "file:12: the first line of what was expected".
std::string first_line(const std::vector<failure>& failures) {
  if (failures.empty())
    return "the framework says that it failed";
  const auto& first = failures.front();
  auto text = first.text.substr(0, first.text.find('\n'));
  return first.file.empty() ? text : first.file + ':' + std::to_string(first.line) + ": " + text;
}

verdict recorded(const case_record& from) {
  verdict out;
  switch (from.outcome) {
  case outcome::passed:
    out.kind = verdict_kind::passed;
    break;
  case outcome::skipped:
    out.kind = verdict_kind::skipped;
    out.message = from.reason;
    break;
  case outcome::failed:
  case outcome::unfinished:
    out.kind = verdict_kind::failed;
    out.type = "assertion";
    out.message = first_line(from.failures);
    out.failures = from.failures;
    break;
  }
  return out;
}

std::string exit_code_text(int code) {
  return "exit code " + std::to_string(code);
}

verdict ended_early(const attempt& from) {
  verdict out;
  out.kind = verdict_kind::ended_early;
  out.type = "exit";
  out.message = "it ended with " + exit_code_text(from.end.exit_code) + " before the test was over";
  return out;
}

bool any_found(const std::vector<std::string>& expressions, std::string_view text) {
  return std::ranges::any_of(
    expressions, [text](const std::string& each) { return found_in(text, each); });
}

verdict judge_plain(const attempt& from, const plain_rules_of_verdict& rules) {
  verdict out;
  const auto& end = from.end;
  if ((rules.skip_exit_code && end.exit_code == *rules.skip_exit_code) ||
      any_found(rules.skip_expressions, from.output)) {
    out.kind = verdict_kind::skipped;
    return out;
  }
  bool well = end.exit_code == 0;
  out.message = exit_code_text(end.exit_code);
  if (any_found(rules.fail_expressions, from.output)) {
    well = false;
    out.message = "its output has what it may not have";
  } else if (!rules.pass_expressions.empty()) {
    well = any_found(rules.pass_expressions, from.output);
    out.message = "its output has not what it must have";
  }
  if (rules.will_fail) {
    well = !well;
    out.message = "it was to fail, and did not";
  }
  out.kind = well ? verdict_kind::passed : verdict_kind::failed;
  out.type = well ? "" : "exit";
  if (well)
    out.message.clear();
  return out;
}

verdict judge_recorded(const test_case& which, const attempt& from, const run_record& record) {
  const auto* found = record_of(which, record);
  if (found == nullptr || found->outcome == outcome::unfinished || !record.complete) {
    if (found == nullptr && record.complete) {
      verdict out;
      out.kind = verdict_kind::not_selected;
      out.type = "not selected";
      out.message = "the binary ran without running this test (" +
                    exit_code_text(from.end.exit_code) + "); its name cannot be selected";
      return out;
    }
    auto out = ended_early(from);
    if (found != nullptr)
      out.failures = found->failures;
    return out;
  }
  auto out = recorded(*found);
  // Of two cases of one name, both run, and the exit code is that of the one that failed.
  const bool other_failed = std::ranges::any_of(
    record.cases, [](const case_record& each) { return each.outcome == outcome::failed; });
  if (out.kind == verdict_kind::passed && from.end.exit_code != 0 && !other_failed) {
    out.kind = verdict_kind::failed;
    out.type = "exit";
    out.message = "its framework recorded that it passed, and it ended with " +
                  exit_code_text(from.end.exit_code);
  }
  return out;
}

} // namespace

bool is_failure(verdict_kind kind) {
  return words_of(kind).failure;
}

const char* label_of(verdict_kind kind) {
  return words_of(kind).label;
}

const char* cause_of(verdict_kind kind) {
  return words_of(kind).cause;
}

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

verdict judge(const test_case& which, const attempt& from, const run_record* record,
  const plain_rules_of_verdict& plain) {
  if (auto fault = process_fault(from)) {
    const auto* found = record == nullptr ? nullptr : record_of(which, *record);
    if (found != nullptr)
      fault->failures = found->failures;
    if (record == nullptr && plain.will_fail && fault->kind == verdict_kind::crashed)
      fault->kind = verdict_kind::passed; // CTest takes a crash for a failure, which was expected
    return finished(std::move(*fault), from);
  }
  auto out = record == nullptr ? judge_plain(from, plain) : judge_recorded(which, from, *record);
  if (out.kind == verdict_kind::passed || out.kind == verdict_kind::skipped)
    if (auto left = left_processes(from))
      out = std::move(*left);
  return finished(std::move(out), from);
}

group_verdicts judge_group(
  std::span<const test_case* const> cases, const attempt& from, const run_record& record) {
  group_verdicts out;
  auto fault = process_fault(from);
  if (!fault && !record.complete)
    fault = ended_early(from);
  bool blamed = false;
  bool any_failed = false;
  for (const auto* each : cases) {
    const auto* found = record_of(*each, record);
    std::optional<verdict> verdict;
    if (found != nullptr && found->outcome != outcome::unfinished) {
      verdict = recorded(*found);
      any_failed = any_failed || is_failure(verdict->kind);
    } else if (found != nullptr && fault) {
      verdict = finished(*fault, from);
      verdict->failures = found->failures;
      blamed = true;
    } else if (!fault) {
      verdict = finished(judge_recorded(*each, from, record), from);
    }
    out.cases.push_back(std::move(verdict));
  }
  if (fault && !blamed)
    out.process = finished(std::move(*fault), from);
  else if (!fault && from.end.exit_code != 0 && !any_failed) {
    out.process = verdict{.kind = verdict_kind::failed,
      .type = "exit",
      .message =
        "all of its tests passed, and it ended with " + exit_code_text(from.end.exit_code)};
    out.process = finished(std::move(*out.process), from);
  }
  if (!out.process && !fault)
    if (auto left = left_processes(from))
      out.process = finished(std::move(*left), from);
  return out;
}

} // namespace troupe_cli::test
