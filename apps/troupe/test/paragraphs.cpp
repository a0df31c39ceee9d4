#include "test/paragraphs.hpp"

#include "test/frameworks/names.hpp"
#include "text/terminal_text.hpp"

#include <array>
#include <cstdio>

namespace troupe_cli::test {
namespace {

constexpr std::size_t most_output_lines = 60;

std::string without_tabs(std::string_view line) {
  std::string out;
  for (const char c : line)
    if (c == '\t')
      out += "    ";
    else if (c != '\r')
      out += c;
  return out;
}

std::string place_of(const failure& from) {
  if (from.file.empty())
    return {};
  return text::printable(from.file) + ':' + std::to_string(from.line) + ":\n";
}

} // namespace

std::string safe_lines(std::string_view text, std::string_view indent, std::size_t most_lines) {
  const auto lines = lines_of(text);
  std::string out;
  const std::size_t dropped = lines.size() > most_lines ? lines.size() - most_lines : 0;
  if (dropped > 0)
    out.append(indent)
      .append("[... ")
      .append(std::to_string(dropped))
      .append(" lines before ...]\n");
  for (std::size_t i = dropped; i < lines.size(); ++i)
    out.append(indent).append(text::printable(without_tabs(lines[i]))).append("\n");
  return out;
}

std::string seconds_text(std::chrono::nanoseconds time) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", std::chrono::duration<double>(time).count());
  return text.data();
}

std::string headline(
  std::string_view label, std::chrono::nanoseconds time, std::string_view title) {
  std::string out(label);
  out.resize(std::max<std::size_t>(out.size(), 9), ' ');
  auto seconds = seconds_text(time);
  seconds.insert(0, seconds.size() < 9 ? 9 - seconds.size() : 0, ' ');
  return out + " [" + seconds + "] " + text::printable(title);
}

std::string details(const verdict& what) {
  std::string out = safe_lines(what.message, "    ");
  for (const auto& each : what.failures) {
    out += "    " + place_of(each);
    out += safe_lines(each.text, "      ");
  }
  if (!what.stacks.empty()) {
    out += what.kind == verdict_kind::sanitizer ? "  its report:\n" : "  its stack:\n";
    out += safe_lines(what.stacks, "    ", 400);
  }
  if (!what.output.empty()) {
    out += "  it wrote:\n";
    out += safe_lines(what.output, "    ", most_output_lines);
  }
  return out;
}

} // namespace troupe_cli::test
