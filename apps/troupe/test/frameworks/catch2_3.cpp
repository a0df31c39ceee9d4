#include "test/framework.hpp"
#include "test/frameworks/catch2_record.hpp"
#include "test/frameworks/names.hpp"
#include "test/xml_element.hpp"

namespace troupe_cli::test {
namespace {

std::string text_of(const xml_element& parent, std::string_view name) {
  const auto* found = parent.child(name);
  return found == nullptr ? std::string{} : found->text;
}

class catch2_3 final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string& file) const override {
    return {{"--list-tests", "--reporter", "xml::out=" + file}};
  }

  listing read_listing(std::span<const written> calls, const std::string&) const override {
    const auto document = read_xml(calls.front().file);
    listing out;
    if (!document.complete || document.root.name != "MatchingTests")
      out.problem = "its list is not complete";
    for (const auto& each : document.root.children) {
      const auto* place = each.child("SourceInfo");
      if (each.name != "TestCase" || place == nullptr)
        continue;
      test_case found;
      found.name = text_of(each, "Name");
      found.tags = catch2_tags(text_of(each, "Tags"));
      found.file = text_of(*place, "File");
      auto line = ":" + text_of(*place, "Line");
      std::string_view rest = line;
      found.line = cut_line_number(rest);
      found.suite = file_stem(found.file);
      out.cases.push_back(std::move(found));
    }
    return out;
  }

  run_call run(std::span<const test_case* const> cases, const std::string& record,
    const std::string& words) const override {
    auto out = select_catch2_cases(cases, words);
    out.arguments.insert(out.arguments.end(),
      {"--warn", "NoTests", "--durations", "yes", "--reporter", "xml::out=" + record});
    return out;
  }

  std::vector<std::string> rerun(const test_case& which) const override {
    return {catch2_pattern(which.name)};
  }

  run_record read_record(const written& run) const override { return read_catch2_record(run.file); }
};

} // namespace

const framework_rules& catch2_3_rules() {
  static const catch2_3 rules;
  return rules;
}

} // namespace troupe_cli::test
