// Boost.Test prints the tree of its units for graphviz, on stderr: "tu65536[...,label="name|file(12)|labels: @net"];"
// and "tu1 -> tu65536;". Numbers from 65536 on are cases.
#include "test/framework.hpp"
#include "test/frameworks/names.hpp"
#include "test/xml_element.hpp"

#include <charconv>
#include <map>

namespace troupe_cli::test {
namespace {

constexpr unsigned first_case = 65536;

struct unit {
  std::string name;
  std::string file;
  unsigned line = 0;
  std::vector<std::string> labels;
  bool enabled = true;
  unsigned parent = 0;
};

bool take_number(std::string_view& text, unsigned& out) {
  if (!text.starts_with("tu"))
    return false;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), out);
  if (error != std::errc())
    return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

unit described(std::string_view line, std::string_view label) {
  unit out;
  out.enabled = line.find("color=yellow") == std::string_view::npos;
  const auto parts = split(label, '|');
  out.name = parts[0];
  if (parts.size() > 1) {
    auto place = parts[1];
    out.line = cut_line_number(place);
    out.file = place;
  }
  if (parts.size() > 2)
    for (const auto each : split(parts[2], ' '))
      if (each.starts_with('@'))
        out.labels.emplace_back(each.substr(1));
  return out;
}

using units = std::map<unsigned, unit>;

units read_tree(std::string_view text) {
  units out;
  for (auto line : lines_of(text)) {
    unsigned number = 0;
    if (!take_number(line, number))
      continue;
    const auto label = line.find("label=\"");
    const auto end = line.rfind("\"];");
    if (line.starts_with(" -> ")) {
      unsigned child = 0;
      auto rest = line.substr(4);
      if (take_number(rest, child) && out.contains(child) && child > number)
        out[child].parent = number;
    } else if (label != std::string_view::npos && end != std::string_view::npos &&
               end > label + 6) {
      out[number] = described(line, line.substr(label + 7, end - label - 7));
    }
  }
  return out;
}

test_case listed(const units& all, const unit& from) {
  test_case out;
  out.name = from.name;
  out.file = from.file;
  out.line = from.line;
  out.tags = from.labels;
  out.disabled = !from.enabled;
  // The unit without a parent is the module, which is no part of a path. Numbers of parents are below those of their
  // children, so this ends.
  for (auto at = all.find(from.parent); at != all.end(); at = all.find(at->second.parent)) {
    const auto& suite = at->second;
    out.tags.insert(out.tags.end(), suite.labels.begin(), suite.labels.end());
    if (suite.parent == 0)
      break;
    out.suite = out.suite.empty() ? suite.name : suite.name + '/' + out.suite;
    if (suite.parent >= at->first)
      break;
  }
  return out;
}

std::string path(const test_case& which) {
  return which.suite.empty() ? which.name : which.suite + '/' + which.name;
}

case_record recorded(const std::string& suite, const xml_element& from) {
  case_record out;
  out.suite = suite;
  out.name = from.attribute("name");
  out.file = from.attribute("file");
  out.line = from.number("line");
  if (from.attribute("skipped") == "yes") {
    out.outcome = outcome::skipped;
    out.reason = from.attribute("reason");
    return out;
  }
  for (const auto& each : from.children)
    if (each.name == "Error" || each.name == "FatalError" || each.name == "Exception") {
      const auto* last = each.child("LastCheckpoint");
      const bool thrown = each.name == "Exception" && each.number("line") == 0 && last != nullptr;
      const auto& place = thrown ? *last : each;
      out.failures.push_back(
        {place.attribute("file"), place.number("line"), std::string(trimmed(each.text))});
    }
  if (from.child("TestingTime") != nullptr)
    out.outcome = out.failures.empty() ? outcome::passed : outcome::failed;
  return out;
}

void collect(const xml_element& from, const std::string& suite, run_record& into) {
  for (const auto& each : from.children)
    if (each.name == "TestSuite" && each.attribute("skipped").empty())
      collect(
        each, suite.empty() ? each.attribute("name") : suite + '/' + each.attribute("name"), into);
    else if (each.name == "TestCase" &&
             each.attribute("reason") != "disabled") // it was not selected
      into.cases.push_back(recorded(suite, each));
}

class boost_test final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string&) const override {
    return {{"--list_content=DOT"}};
  }

  listing read_listing(std::span<const written> calls, const std::string&) const override {
    const auto tree = read_tree(calls.front().err);
    listing out;
    if (tree.empty())
      out.problem = "it printed no tree of its tests on stderr";
    for (const auto& [number, each] : tree)
      if (number >= first_case)
        out.cases.push_back(listed(tree, each));
    return out;
  }

  run_call run(std::span<const test_case* const> cases, const std::string& record,
    const std::string&) const override {
    run_call out;
    for (const auto* each : cases)
      out.arguments.push_back("--run_test=" + path(*each));
    out.arguments.insert(
      out.arguments.end(), {"--catch_system_errors=no", "--color_output=no", "--report_level=no",
                             "--logger=XML,test_suite," + record});
    return out;
  }

  std::vector<std::string> rerun(const test_case& which) const override {
    return {"--run_test=" + path(which)};
  }

  run_record read_record(const written& run) const override {
    const auto document = read_xml(run.file);
    run_record out{.complete = document.complete};
    for (const auto& module : document.root.children)
      collect(module, {}, out);
    // Failures that a case is declared to have leave the exit code at 0.
    if (out.complete && run.exit_code == 0)
      for (auto& each : out.cases)
        if (each.outcome == outcome::failed) {
          each.outcome = outcome::passed;
          each.failures.clear();
        }
    return out;
  }

  std::vector<std::string_view> own_variables() const override { return {"BOOST_TEST_"}; }
};

} // namespace

const framework_rules& boost_test_rules() {
  static const boost_test rules;
  return rules;
}

} // namespace troupe_cli::test
