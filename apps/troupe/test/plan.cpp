#include "test/plan.hpp"

#include "test/attempt.hpp"

#include "command/shell_text.hpp"

#include <map>
#include <tuple>

namespace troupe_cli::test {
namespace {

constexpr std::size_t longest_selection =
  64 * 1024; // bytes of names: one argument may have 128 KiB

bool same_process(const test_settings& a, const test_settings& b) {
  return std::tie(a.timeout, a.weight, a.serial, a.fork, a.exclusive, a.environment, a.directory) ==
         std::tie(b.timeout, b.weight, b.serial, b.fork, b.exclusive, b.environment, b.directory);
}

} // namespace

std::string plan::title(const planned_test& test) const {
  const auto& name = program_of(test).name;
  auto out = program_of(test).framework == framework::plain && test.what.name == name
               ? name
               : name + ' ' + full_name(test.what);
  if (test.repetition > 0)
    out += " (repetition " + std::to_string(test.repetition) + ")";
  return out;
}

process_line line_of(
  const plan& from, std::span<const std::size_t> tests, const std::string& folder) {
  const auto& which = from.program_of(from.tests[tests.front()]);
  std::vector<const test_case*> cases;
  for (const auto each : tests)
    cases.push_back(&from.tests[each].what);
  auto call = rules_of(which.framework).run(cases, record_file(folder), words_file(folder));
  process_line out{{which.path}, std::move(call.words_text)};
  out.argv.insert(out.argv.end(), call.arguments.begin(), call.arguments.end());
  out.argv.insert(out.argv.end(), which.arguments.begin(), which.arguments.end());
  return out;
}

// If it does not fork them, as it promised, it prints a list of its tests to nobody, and ends.
std::vector<std::string> zygote_line(const program& which) {
  std::vector<std::string> out{which.path};
  const auto calls = rules_of(which.framework).list_calls("/dev/null");
  if (!calls.empty())
    out.insert(out.end(), calls.front().begin(), calls.front().end());
  out.insert(out.end(), which.arguments.begin(), which.arguments.end());
  return out;
}

std::vector<std::string> rerun_line(const plan& from, const planned_test& test) {
  const auto& which = from.program_of(test);
  std::vector<std::string> out{which.path};
  const auto selection = rules_of(which.framework).rerun(test.what);
  out.insert(out.end(), selection.begin(), selection.end());
  out.insert(out.end(), which.arguments.begin(), which.arguments.end());
  return out;
}

std::string shell_text(
  const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  std::string out;
  for (const auto& each : environment) {
    const auto equals = each.find('=');
    out += each.substr(0, equals) + '=' + shell_quoted(each.substr(equals + 1)) + ' ';
  }
  return out + shell_line(argv);
}

std::vector<std::vector<std::size_t>> jobs_of(const plan& from, bool group_suites) {
  std::vector<std::vector<std::size_t>> out;
  struct open_group {
    std::size_t job = 0;
    std::size_t bytes = 0;
  };
  std::map<std::tuple<std::size_t, std::string, unsigned>, open_group> groups;
  for (std::size_t i = 0; i < from.tests.size(); ++i) {
    const auto& test = from.tests[i];
    if (test.what.disabled)
      continue;
    // Catch2 reads the names of several cases from a file, a line each.
    const bool has_lines = test.what.name.find('\n') != std::string::npos;
    if (!group_suites || has_lines || from.program_of(test).framework == framework::plain) {
      out.push_back({i});
      continue;
    }
    const auto bytes =
      test.what.name.size() * 2 + test.what.suite.size() + test.what.file.size() + 16;
    const auto [at, is_new] = groups.try_emplace({test.program, test.what.suite, test.repetition});
    auto& group = at->second;
    if (is_new || group.bytes + bytes > longest_selection ||
        !same_process(from.tests[out[group.job].front()].settings, test.settings)) {
      group = {out.size(), 0};
      out.emplace_back();
    }
    out[group.job].push_back(i);
    group.bytes += bytes;
  }
  return out;
}

} // namespace troupe_cli::test
