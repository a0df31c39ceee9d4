#include "test/listing.hpp"

#include "test/environment.hpp"
#include "test/frameworks/names.hpp"
#include "test/recognition.hpp"

#include "problems.hpp"

#include <filesystem>
#include <map>

namespace troupe_cli::test {
namespace {

constexpr std::size_t largest_list = 256 * 1024 * 1024;

/// Names as short as they can be and still tell the programs apart: the file's name, or its path.
void name_programs(std::vector<program>& programs) {
  std::map<std::string, int> uses;
  for (auto& each : programs) {
    each.name = std::filesystem::path(each.path).filename().string();
    ++uses[each.name];
  }
  for (auto& each : programs)
    if (uses[each.name] > 1)
      each.name = each.path;
}

std::string problem_of(const attempt& from) {
  const auto& end = from.end;
  if (end.cause != end_cause::itself || end.signal != 0)
    return describe(end);
  return {};
}

listing read(const program& of, const std::vector<attempt>& calls) {
  std::vector<written> texts;
  for (const auto& each : calls) {
    if (auto problem = problem_of(each); !problem.empty())
      return {.problem = std::move(problem)};
    texts.push_back({.out = each.output,
      .err = each.output,
      .file = each.record,
      .exit_code = each.end.exit_code});
  }
  return rules_of(of.framework).read_listing(texts, of.name);
}

process_order order_for(const program& of, std::vector<std::string> arguments,
  const std::string& folder, std::chrono::milliseconds timeout) {
  process_order out;
  out.folder = folder;
  out.what.argv = {of.path};
  out.what.argv.insert(out.what.argv.end(), arguments.begin(), arguments.end());
  out.what.environment = environment_of(of, {}, 0);
  out.what.environment_without = environment_without(of, {});
  out.timeout = timeout;
  out.kept_output = largest_list;
  out.trace_from_start = false;
  return out;
}

} // namespace

std::vector<program> programs_of(const test_options& options) {
  std::vector<program> out;
  std::string problems;
  for (const auto& each : options.binaries) {
    const auto facts = recognise(each);
    if (!facts.problem.empty()) {
      problems += (problems.empty() ? "" : "\n") + ("\"" + each + "\" " + facts.problem);
      continue;
    }
    program found;
    found.path = std::filesystem::absolute(each).lexically_normal().string();
    found.framework = options.of_framework.value_or(facts.framework);
    found.sanitized = facts.sanitized;
    found.forks_tests = facts.forks_tests;
    found.arguments = options.arguments;
    out.push_back(std::move(found));
  }
  if (!problems.empty())
    throw usage_problem(problems);
  name_programs(out);
  return out;
}

std::vector<planned_test> list_tests(test_pool& pool, const std::vector<program>& programs,
  const test_options& options, const std::string& folder) {
  std::vector<process_order> orders;
  std::vector<std::size_t> calls;
  for (const auto& each : programs) {
    const auto before = orders.size();
    const auto own_folder = [&] { return folder + "/list-" + std::to_string(orders.size()); };
    const auto count = rules_of(each.framework).list_calls({}).size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto place = own_folder();
      orders.push_back(order_for(each, rules_of(each.framework).list_calls(record_file(place))[i],
        place, options.list_timeout));
    }
    calls.push_back(orders.size() - before);
  }
  auto ends = pool.run_each(std::move(orders));
  std::vector<planned_test> out;
  std::string problems;
  auto next = ends.begin();
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const auto own = std::vector<attempt>(std::make_move_iterator(next),
      std::make_move_iterator(next + static_cast<std::ptrdiff_t>(calls[i])));
    next += static_cast<std::ptrdiff_t>(calls[i]);
    auto found = read(programs[i], own);
    if (!found.problem.empty()) {
      problems += (problems.empty() ? "" : "\n") +
                  ("\"" + programs[i].path + "\" (" + name_of(programs[i].framework) +
                    "): cannot list its tests: " + found.problem);
      const auto said = own.empty() ? std::string_view{} : trimmed(own.front().output);
      if (!said.empty())
        problems.append("; it wrote: ").append(said.substr(0, 300));
    }
    for (auto& each : found.cases) {
      planned_test test;
      test.program = i;
      test.what = std::move(each);
      out.push_back(std::move(test));
    }
  }
  if (!problems.empty())
    throw broken_problem(problems);
  return out;
}

} // namespace troupe_cli::test
