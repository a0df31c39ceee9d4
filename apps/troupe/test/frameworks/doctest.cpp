// doctest allows several cases of one name, so a case is selected by its suite and its file as well.
#include "test/framework.hpp"
#include "test/frameworks/names.hpp"
#include "test/xml_element.hpp"

#include <algorithm>

namespace troupe_cli::test {
namespace {

/// Bytes that are written as "\\x1B" in its lists are any text in a pattern: what they stand for is not told from these
/// four characters.
std::string pattern(std::string_view text) {
  auto out = escaped(text, "\\,");
  constexpr std::string_view byte = R"(\\x)";
  for (auto at = out.find(byte); at != std::string::npos; at = out.find(byte, at))
    out.replace(at, byte.size() + 2, "*");
  return out;
}

std::string expression_text(const xml_element& from) {
  std::string out;
  if (const auto* original = from.child("Original"); original != nullptr)
    out.append(from.attribute("type")).append("( ").append(trimmed(original->text)).append(" )");
  for (const auto& each : from.children)
    if (each.name == "Expanded")
      out.append("\nvalues: ").append(trimmed(each.text));
    else if (each.name == "Exception")
      out.append("\nthrew: ").append(trimmed(each.text));
    else if (each.name.starts_with("ExpectedException"))
      out.append("\nexpected: ").append(trimmed(each.text));
    else if (each.name == "Info")
      out.append("\nlogged: ").append(trimmed(each.text));
  return out;
}

void collect(const xml_element& from, case_record& into) {
  for (const auto& each : from.children)
    if (each.name == "Expression" && each.attribute("success") != "true")
      into.failures.push_back(
        {each.attribute("filename"), each.number("line"), expression_text(each)});
    else if (each.name == "Exception")
      into.failures.push_back({{}, 0, std::string(trimmed(each.text))});
    else if (each.name == "Message" && each.attribute("type") != "WARNING")
      into.failures.push_back({each.attribute("filename"), each.number("line"),
        std::string(
          trimmed(each.child("Text") == nullptr ? each.text : each.child("Text")->text))});
    else if (each.name == "SubCase")
      collect(each, into);
}

case_record recorded(const std::string& suite, const xml_element& from) {
  case_record out;
  out.suite = suite;
  out.name = from.attribute("name");
  out.file = from.attribute("filename");
  out.line = from.number("line");
  collect(from, out);
  const auto* result = from.child("OverallResultsAsserts");
  if (from.attribute("skipped") == "true")
    out.outcome = outcome::skipped;
  else if (result != nullptr) {
    const auto& success = result->attribute("test_case_success"); // not in old versions
    const bool well = success.empty() ? result->number("failures") == 0 : success == "true";
    out.outcome = well ? outcome::passed : outcome::failed;
    if (well)
      out.failures.clear();
  }
  return out;
}

class doctest_rules_t final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string& file) const override {
    return {{"-ltc", "-ns=true", "-r=xml", "-o=" + file}};
  }

  listing read_listing(std::span<const written> calls, const std::string&) const override {
    const auto document = read_xml(calls.front().file);
    listing out;
    if (!document.complete || document.root.name != "doctest")
      out.problem = "its list is not complete";
    for (const auto& each : document.root.children) {
      if (each.name != "TestCase")
        continue;
      test_case found;
      found.name = each.attribute("name");
      found.file = each.attribute("filename");
      found.line = each.number("line");
      found.disabled = each.attribute("skipped") == "true";
      found.suite = each.attribute("testsuite");
      // One that is in no suite belongs to its file; the record says "" as well.
      if (found.suite.empty())
        found.suite = file_stem(found.file);
      out.cases.push_back(std::move(found));
    }
    return out;
  }

  run_call run(std::span<const test_case* const> cases, const std::string& record,
    const std::string&) const override {
    std::vector<std::string> names;
    std::vector<std::string> files;
    for (const auto* each : cases) {
      names.push_back(pattern(each->name));
      files.push_back(pattern(each->file));
    }
    // It would break into the debugger for which it takes whoever traces it.
    return {{select("-tc=", names), select("-sf=", files), "-cs=true", "-nb=true", "-r=xml",
              "-nss=true", "-d=true", "-o=" + record},
      {}};
  }

  std::vector<std::string> rerun(const test_case& which) const override {
    return {"-tc=" + pattern(which.name), "-sf=" + pattern(which.file), "-cs=true"};
  }

  run_record read_record(const written& run) const override {
    const auto document = read_xml(run.file);
    run_record out;
    for (const auto& suite : document.root.children)
      for (const auto& each : suite.children)
        if (each.name == "TestCase") {
          auto found = recorded(suite.attribute("name"), each);
          if (found.suite.empty())
            found.suite = file_stem(found.file);
          out.cases.push_back(std::move(found));
        }
    out.complete = document.complete && document.root.child("OverallResultsTestCases") != nullptr;
    return out;
  }

private:
  static std::string select(std::string option, std::vector<std::string>& from) {
    std::ranges::sort(from);
    const auto end = std::unique(from.begin(), from.end());
    for (auto each = from.begin(); each != end; ++each)
      option.append(*each).append(",");
    option.pop_back();
    return option;
  }
};

} // namespace

const framework_rules& doctest_rules() {
  static const doctest_rules_t rules;
  return rules;
}

} // namespace troupe_cli::test
