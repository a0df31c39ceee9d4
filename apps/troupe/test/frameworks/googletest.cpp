// GoogleTest writes its list and its record as XML. The record comes at the end of the run only, so a run that did not
// come to its end is read from what it printed.
#include "test/framework.hpp"
#include "test/frameworks/names.hpp"
#include "test/xml_element.hpp"

#include <algorithm>

namespace troupe_cli::test {
namespace {

constexpr std::size_t longest_filter = 100'000; // one argument of a program may have 128 KiB

bool is_disabled(std::string_view name) {
  return name.starts_with("DISABLED_") || name.find("/DISABLED_") != std::string_view::npos;
}

test_case listed(std::string suite, const xml_element& from) {
  test_case out;
  out.name = from.attribute("name");
  out.file = from.attribute("file");
  out.line = from.number("line");
  out.disabled = is_disabled(suite) || is_disabled(out.name);
  out.suite = std::move(suite);
  return out;
}

/// The list on stdout, of versions that write no other: "Suite." and, indented, "  name  # its parameter".
listing read_printed_list(std::string_view text) {
  listing out;
  std::string suite;
  for (auto line : lines_of(text)) {
    line = line.substr(0, line.find("  # "));
    if (line.starts_with("  ") && !suite.empty()) {
      const auto name = trimmed(line);
      out.cases.push_back({.suite = suite,
        .name = std::string(name),
        .disabled = is_disabled(suite) || is_disabled(name)});
    } else if (line.ends_with('.') && line.find(' ') == std::string_view::npos) {
      suite = line.substr(0, line.size() - 1);
    }
  }
  if (out.cases.empty())
    out.problem = "it wrote no list";
  return out;
}

failure failure_from(const std::string& message) {
  std::string_view first{message};
  first = first.substr(0, first.find('\n'));
  failure out{.text = message};
  auto place = first;
  if (const unsigned line = cut_line_number(place); line != 0) {
    out.file = place;
    out.line = line;
    out.text = message.substr(std::min(first.size() + 1, message.size()));
  }
  return out;
}

case_record recorded(const std::string& suite, const xml_element& from) {
  case_record out;
  out.suite = suite;
  out.name = from.attribute("name");
  out.outcome = outcome::passed;
  for (const auto& each : from.children)
    if (each.name == "failure") {
      const auto& message = each.attribute("message");
      out.failures.push_back(failure_from(message.empty() ? each.text : message));
      out.outcome = outcome::failed;
    } else if (each.name == "skipped" && out.outcome == outcome::passed) {
      out.outcome = outcome::skipped;
      out.reason = each.attribute("message").empty() ? each.text : each.attribute("message");
    }
  return out;
}

/// A mark such as "[ RUN      ] Suite.name (3 ms)", anywhere in a line, since a test may print without ending its own.
struct mark {
  std::string_view word;
  std::string_view name;
};

bool find_mark(std::string_view line, mark& out) {
  for (const std::string_view word :
    {"[ RUN      ] ", "[       OK ] ", "[  FAILED  ] ", "[  SKIPPED ] "}) {
    const auto at = line.find(word);
    if (at == std::string_view::npos)
      continue;
    auto name = line.substr(at + word.size());
    name = name.substr(0, name.find(" ("));
    out = {word, name.substr(0, name.find(", where "))};
    return out.name.find('.') != std::string_view::npos;
  }
  return false;
}

run_record read_printed_record(std::string_view text) {
  run_record out;
  for (const auto line : lines_of(text)) {
    mark found;
    const bool marked = find_mark(line, found);
    if (marked && found.word.starts_with("[ RUN")) {
      const auto dot = found.name.find('.');
      out.cases.push_back({.suite = std::string(found.name.substr(0, dot)),
        .name = std::string(found.name.substr(dot + 1))});
      continue;
    }
    if (out.cases.empty() || out.cases.back().outcome != outcome::unfinished)
      continue;
    auto& last = out.cases.back();
    if (marked && found.name == last.suite + '.' + last.name) {
      last.outcome = found.word.starts_with("[       OK")   ? outcome::passed
                     : found.word.starts_with("[  SKIPPED") ? outcome::skipped
                                                            : outcome::failed;
    } else if (auto place = line.substr(0, line.find(": Failure")); place.size() < line.size()) {
      const unsigned number = cut_line_number(place);
      last.failures.push_back({std::string(place), number, {}});
    } else if (!last.failures.empty()) {
      last.failures.back().text.append(line).append("\n");
    }
  }
  return out;
}

std::string pattern(const test_case& which) {
  auto out = which.suite + '.' + which.name;
  // What means something in a filter is matched as any one character.
  std::ranges::replace_if(
    out, [](char c) { return std::string_view(":-*").find(c) != std::string_view::npos; }, '?');
  return out;
}

class googletest final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string& file) const override {
    return {{"--gtest_list_tests", "--gtest_output=xml:" + file, "--gtest_color=no"}};
  }

  listing read_listing(std::span<const written> calls, const std::string&) const override {
    const auto document = read_xml(calls.front().file);
    if (document.root.name.empty())
      return read_printed_list(calls.front().out);
    listing out;
    if (!document.complete)
      out.problem = "its list is not complete";
    for (const auto& suite : document.root.children)
      for (const auto& each : suite.children)
        if (each.name == "testcase")
          out.cases.push_back(listed(suite.attribute("name"), each));
    return out;
  }

  run_call run(std::span<const test_case* const> cases, const std::string& record,
    const std::string& words) const override {
    std::string filter = "--gtest_filter=";
    for (const auto* each : cases)
      filter.append(pattern(*each)).append(":");
    filter.pop_back();
    run_call out{{"--gtest_output=xml:" + record, "--gtest_color=no"}, {}};
    if (filter.size() < longest_filter) {
      out.arguments.insert(out.arguments.begin(), std::move(filter));
    } else {
      out.arguments.insert(out.arguments.begin(), "--gtest_flagfile=" + words);
      out.words_text = std::move(filter);
    }
    return out;
  }

  std::vector<std::string> rerun(const test_case& which) const override {
    return {"--gtest_filter=" + pattern(which)};
  }

  run_record read_record(const written& run) const override {
    const auto document = read_xml(run.file);
    if (!document.complete)
      return read_printed_record(run.out);
    run_record out{.complete = true};
    for (const auto& suite : document.root.children)
      for (const auto& each : suite.children)
        if (each.name == "testcase" && each.attribute("status") != "notrun")
          out.cases.push_back(recorded(suite.attribute("name"), each));
    return out;
  }

  std::vector<std::string_view> own_variables() const override {
    return {"GTEST_", "TESTBRIDGE_", "TEST_SHARD_", "TEST_TOTAL_SHARDS", "XML_OUTPUT_FILE"};
  }
};

} // namespace

const framework_rules& googletest_rules() {
  static const googletest rules;
  return rules;
}

} // namespace troupe_cli::test
