#include "test/frameworks/catch2_record.hpp"

#include "test/frameworks/names.hpp"
#include "test/xml_element.hpp"

namespace troupe_cli::test {
namespace {

std::string expression_text(const xml_element& from) {
  std::string out;
  const auto* original = from.child("Original");
  if (original != nullptr)
    out.append(from.attribute("type")).append("( ").append(trimmed(original->text)).append(" )");
  if (const auto* expanded = from.child("Expanded");
      expanded != nullptr && original != nullptr &&
      trimmed(expanded->text) != trimmed(original->text))
    out.append("\nwith expansion: ").append(trimmed(expanded->text));
  for (const auto& each : from.children)
    if (each.name == "Exception" || each.name == "FatalErrorCondition")
      out.append("\ndue to: ").append(trimmed(each.text));
  return out;
}

void collect(const xml_element& from, case_record& into, std::string& infos) {
  for (const auto& each : from.children) {
    const auto add = [&](std::string text) {
      into.failures.push_back(
        {each.attribute("filename"), each.number("line"), std::move(text) + infos});
      infos.clear();
    };
    if (each.name == "Expression" && each.attribute("success") == "false")
      add(expression_text(each));
    else if (each.name == "Failure" || each.name == "Exception" ||
             each.name == "FatalErrorCondition")
      add(std::string(trimmed(each.text)));
    else if (each.name == "Info" || each.name == "Warning")
      infos.append("\nwith message: ").append(trimmed(each.text));
    else if (each.name == "Skip")
      into.reason = trimmed(each.text);
    else if (each.name == "Section" || each.name == "BenchmarkResults")
      collect(each, into, infos);
  }
}

case_record recorded(const xml_element& from) {
  case_record out;
  out.name = from.attribute("name");
  out.file = from.attribute("filename");
  out.line = from.number("line");
  std::string infos;
  collect(from, out, infos);
  const auto* result = from.child("OverallResult");
  if (result == nullptr)
    return out;
  out.outcome = result->attribute("success") != "true" ? outcome::failed
                : result->number("skips") > 0          ? outcome::skipped
                                                       : outcome::passed;
  // A case that may fail, or shall, has failed assertions and is well.
  if (out.outcome != outcome::failed)
    out.failures.clear();
  return out;
}

} // namespace

run_record read_catch2_record(std::string_view text) {
  const auto document = read_xml(text);
  run_record out;
  bool results = document.root.child("OverallResults") != nullptr;
  const auto add = [&out](const xml_element& parent) {
    for (const auto& each : parent.children)
      if (each.name == "TestCase")
        out.cases.push_back(recorded(each));
  };
  add(document.root);
  for (const auto& each : document.root.children)
    if (each.name == "Group")
      add(each);
  out.complete = document.complete && results;
  return out;
}

std::vector<std::string> catch2_tags(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const auto begin = text.find('[');
    const auto end = text.find(']', begin);
    if (begin == std::string_view::npos || end == std::string_view::npos)
      return out;
    const auto tag = text.substr(begin + 1, end - begin - 1);
    if (!tag.empty() && tag.front() != '.' && tag.front() != '!' && tag.front() != '#')
      out.emplace_back(tag);
    text.remove_prefix(end + 1);
  }
}

std::string catch2_pattern(std::string_view name) {
  auto out = escaped(name, "\\,[]*~\"");
  if (out.starts_with(' '))
    out.insert(0, 1, '\\');
  return out;
}

framework_rules::run_call select_catch2_cases(
  std::span<const test_case* const> cases, const std::string& words) {
  if (cases.size() == 1 && !cases.front()->name.starts_with('-'))
    return {{catch2_pattern(cases.front()->name)}, {}};
  framework_rules::run_call out{{"--input-file", words}, {}};
  for (const auto* each :
    cases) // Catch2 puts a line into quotes, unless it begins with one, or with what is a comment
    out.words_text.append("\"").append(escaped(each->name, "\\,[]*~\"")).append("\"\n");
  return out;
}

} // namespace troupe_cli::test
