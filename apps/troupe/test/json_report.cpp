#include "test/json_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace troupe_cli::test {
namespace {

using json = nlohmann::ordered_json;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

/// "crash", "timeout", "not run": the label that people see, in small letters.
std::string outcome_of(verdict_kind kind) {
  std::string out = label_of(kind);
  std::ranges::transform(
    out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

json described(const verdict& what) {
  json out{{"outcome", outcome_of(what.kind)}, {"type", what.type}, {"message", what.message},
    {"seconds", seconds(what.time)}};
  for (const auto& each : what.failures)
    out["failures"].push_back({{"file", each.file}, {"line", each.line}, {"text", each.text}});
  if (!what.stacks.empty())
    out["stack"] = what.stacks;
  if (!what.output.empty())
    out["output"] = what.output;
  return out;
}

json described(const results& all, const test_result& from) {
  const auto& test = all.planned(from);
  const auto& program = all.plan->program_of(test);
  json out{{"binary", program.name}, {"path", program.path}, {"suite", test.what.suite},
    {"name", test.what.name}, {"file", test.what.file}, {"line", test.what.line},
    {"tags", test.what.tags}, {"outcome", outcome_of(from.kind())}, {"flaky", from.flaky()},
    {"attempts", json::array()}};
  if (test.repetition > 0)
    out["repetition"] = test.repetition;
  for (const auto& each : from.tries)
    out["attempts"].push_back(described(each));
  return out;
}

} // namespace

std::string json_text(const results& all) {
  const auto numbers = count(all);
  json out{{"seconds", seconds(all.time)}, {"passed", numbers.passed}, {"flaky", numbers.flaky},
    {"failed", numbers.failed}, {"skipped", numbers.skipped}, {"not_run", numbers.not_run},
    {"tests", json::array()}, {"processes", json::array()}, {"problems", all.problems}};
  for (const auto& each : all.tests)
    out["tests"].push_back(described(all, each));
  for (const auto& each : all.processes) {
    auto process = described(each.what);
    process["binary"] = all.plan->programs[each.program].name;
    process["suite"] = each.suite;
    out["processes"].push_back(std::move(process));
  }
  return out.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace troupe_cli::test
