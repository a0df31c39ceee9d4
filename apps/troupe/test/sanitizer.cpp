#include "test/sanitizer.hpp"

#include "test/frameworks/names.hpp"

#include <algorithm>
#include <array>

namespace troupe_cli::test {
namespace {

constexpr std::size_t longest_report = 16 * 1024;
constexpr std::array<std::string_view, 6> tools{"AddressSanitizer", "HWAddressSanitizer",
  "LeakSanitizer", "MemorySanitizer", "ThreadSanitizer", "UndefinedBehaviorSanitizer"};

/// "==4711==ERROR: LeakSanitizer: detected memory leaks", "WARNING: ThreadSanitizer: data race (pid=4711)".
std::string_view tool_of(std::string_view line) {
  for (const std::string_view word : {"ERROR: ", "WARNING: "}) {
    const auto at = line.find(word);
    if (at == std::string_view::npos)
      continue;
    const auto before = line.substr(0, at);
    const bool marked = before.empty() || (before.starts_with("==") && before.ends_with("=="));
    const auto rest = line.substr(at + word.size());
    for (const auto tool : tools)
      if (marked && rest.starts_with(tool) && rest.substr(tool.size()).starts_with(": "))
        return tool;
  }
  return {};
}

/// "file.cpp:12:5: runtime error: signed integer overflow: ...".
bool is_undefined_behaviour(std::string_view line) {
  const auto at = line.find(": runtime error: ");
  if (at == std::string_view::npos || at == 0)
    return false;
  auto place = line.substr(0, at);
  const bool column = cut_line_number(place) != 0;
  return column && cut_line_number(place) != 0;
}

std::string_view report_from(std::string_view rest, std::string_view kind) {
  rest = rest.substr(0, longest_report);
  if (kind ==
      "UndefinedBehaviorSanitizer") { // its stack, which is indented, is all that belongs to it
    std::size_t end = std::min(rest.find('\n'), rest.size());
    while (end < rest.size() && rest.substr(end + 1).starts_with("    "))
      end = std::min(rest.find('\n', end + 1), rest.size());
    return rest.substr(0, end);
  }
  const auto summary = rest.find("\nSUMMARY: ");
  if (summary == std::string_view::npos)
    return rest;
  return rest.substr(0, rest.find('\n', summary + 1));
}

} // namespace

sanitizer_report find_sanitizer_report(std::string_view output) {
  std::size_t at = 0;
  while (at < output.size()) {
    const auto line = output.substr(at, output.find('\n', at) - at);
    auto kind = tool_of(line);
    if (kind.empty() && is_undefined_behaviour(line))
      kind = "UndefinedBehaviorSanitizer";
    if (!kind.empty())
      return {std::string(kind), std::string(trimmed(line)),
        std::string(report_from(output.substr(at), kind))};
    at += line.size() + 1;
  }
  return {};
}

} // namespace troupe_cli::test
