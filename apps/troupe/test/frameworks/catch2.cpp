// Catch2 2 prints its lists on stdout only: the names with their places, which no other line looks like, and the tags
// in a list for people, whose entries stand in the same order.
#include "test/framework.hpp"
#include "test/frameworks/catch2_record.hpp"
#include "test/frameworks/names.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace troupe_cli::test {
namespace {

// The exit code of a list is the number of cases, and this where there are more.
constexpr std::size_t highest_exit_code = 255;

std::optional<test_case> listed(std::string_view line) {
  const auto mark = line.rfind("\t@");
  if (mark == std::string_view::npos)
    return std::nullopt;
  auto place = line.substr(mark + 2);
  test_case out;
  out.line = cut_line_number(place);
  out.file = place;
  auto name = line.substr(0, mark);
  if (name.size() > 2 && name.starts_with("\"#") && name.ends_with('"'))
    name = name.substr(1, name.size() - 2);
  out.name = name;
  out.suite = file_stem(place);
  return out.line == 0 || name.empty() ? std::nullopt : std::optional(out);
}

std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

/// An entry of the list for people. Names are indented by two, their further lines by four, tags by six.
struct printed_case {
  std::string name{}; // with other breaks between its lines than it has
  std::vector<std::string> tags{};
};

std::vector<printed_case> printed_cases(std::string_view text) {
  std::vector<printed_case> out;
  const auto lines = lines_of(text);
  const auto header = std::ranges::find_if(lines, [](std::string_view line) {
    return line == "All available test cases:" || line == "Matching test cases:";
  });
  if (header == lines.end())
    return out;
  std::string tags;
  const auto close = [&] {
    if (!out.empty())
      out.back().tags = catch2_tags(tags);
    tags.clear();
  };
  for (auto each = header + 1; each != lines.end() && each->starts_with("  "); ++each) {
    if (indentation(*each) == 2) {
      close();
      out.emplace_back();
    }
    if (indentation(*each) >= 6)
      tags += trimmed(*each);
    else if (!out.empty())
      out.back().name += trimmed(*each);
  }
  close();
  return out;
}

std::string without_space(std::string_view text) {
  std::string out;
  std::ranges::copy_if(
    text, std::back_inserter(out), [](char c) { return c != ' ' && c != '\n' && c != '\t'; });
  return out;
}

/// A name may have several lines, of which only the last one has a place. What stands before it is what the program has
/// printed itself, unless the list for people has it, too. Returns the whole name.
std::string whole_name(
  const std::string& last, const std::string& before, std::string_view printed) {
  const auto wanted = without_space(printed);
  for (auto start = before.size(); start > 0;) {
    const auto end_of_line = start < 2 ? std::string::npos : before.rfind('\n', start - 2);
    start = end_of_line == std::string::npos ? 0 : end_of_line + 1;
    auto whole = before.substr(start) + last;
    const auto compared = without_space(whole);
    if (compared == wanted)
      return whole;
    if (compared.size() > wanted.size())
      break;
  }
  return last;
}

std::vector<test_case> listed_cases(
  std::string_view text, const std::vector<printed_case>& printed) {
  std::vector<test_case> out;
  std::string before;
  for (const auto line : lines_of(text)) {
    auto found = listed(line);
    if (!found) {
      before.append(line).append("\n");
      continue;
    }
    if (out.size() < printed.size())
      found->name = whole_name(found->name, before, printed[out.size()].name);
    before.clear();
    out.push_back(std::move(*found));
  }
  return out;
}

class catch2 final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string&) const override {
    return {{"--list-test-names-only", "-v", "high"}, {"--list-tests"}};
  }

  listing read_listing(std::span<const written> calls, const std::string&) const override {
    listing out;
    auto printed = printed_cases(calls[1].out);
    out.cases = listed_cases(calls[0].out, printed);
    // A program without a case says so in the list for people.
    if (out.cases.empty() && calls[1].out.find("test cases") == std::string::npos)
      out.problem = "it wrote no list";
    else if (calls[0].exit_code != static_cast<int>(std::min(out.cases.size(), highest_exit_code)))
      out.problem = "its list and its exit code, which is the number of test cases, differ";
    if (printed.size() == out.cases.size())
      for (std::size_t i = 0; i < printed.size(); ++i)
        out.cases[i].tags = std::move(printed[i].tags);
    return out;
  }

  run_call run(std::span<const test_case* const> cases, const std::string& record,
    const std::string& words) const override {
    auto out = select_catch2_cases(cases, words);
    out.arguments.insert(
      out.arguments.end(), {"-w", "NoTests", "-r", "xml", "-d", "yes", "-o", record});
    return out;
  }

  std::vector<std::string> rerun(const test_case& which) const override {
    return {catch2_pattern(which.name)};
  }

  run_record read_record(const written& run) const override { return read_catch2_record(run.file); }
};

} // namespace

const framework_rules& catch2_rules() {
  static const catch2 rules;
  return rules;
}

} // namespace troupe_cli::test
