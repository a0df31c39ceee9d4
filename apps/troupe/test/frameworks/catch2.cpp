// Catch2 2 prints its lists on stdout only: the names with their places, which no other line looks like, and the tags
// in a list for people, whose entries stand in the same order.
#include "test/framework.hpp"
#include "test/frameworks/catch2_record.hpp"
#include "test/frameworks/names.hpp"

#include <algorithm>
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

/// The tags of each entry of the list for people. Names are indented by two, their further lines by four, tags by six.
std::vector<std::vector<std::string>> listed_tags(std::string_view text) {
  std::vector<std::vector<std::string>> out;
  const auto lines = lines_of(text);
  const auto header = std::ranges::find_if(lines, [](std::string_view line) {
    return line == "All available test cases:" || line == "Matching test cases:";
  });
  if (header == lines.end())
    return out;
  std::string tags;
  const auto close = [&] {
    if (!out.empty())
      out.back() = catch2_tags(tags);
    tags.clear();
  };
  for (auto each = header + 1; each != lines.end() && each->starts_with("  "); ++each)
    if (indentation(*each) == 2) {
      close();
      out.emplace_back();
    } else if (indentation(*each) >= 6) {
      tags += trimmed(*each);
    }
  close();
  return out;
}

class catch2 final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string&) const override {
    return {{"--list-test-names-only", "-v", "high"}, {"--list-tests"}};
  }

  listing read_listing(std::span<const written> calls, const std::string&) const override {
    listing out;
    for (const auto line : lines_of(calls[0].out))
      if (auto each = listed(line))
        out.cases.push_back(std::move(*each));
    if (calls[0].exit_code != static_cast<int>(std::min(out.cases.size(), highest_exit_code)))
      out.problem = "its list and its exit code, which is the number of test cases, differ";
    auto tags = listed_tags(calls[1].out);
    if (tags.size() == out.cases.size())
      for (std::size_t i = 0; i < tags.size(); ++i)
        out.cases[i].tags = std::move(tags[i]);
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
