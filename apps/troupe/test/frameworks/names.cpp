#include "test/frameworks/names.hpp"

#include <charconv>

namespace troupe_cli::test {

std::string file_stem(std::string_view file) {
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos)
    file.remove_prefix(slash + 1);
  if (const auto dot = file.rfind('.'); dot != std::string_view::npos && dot > 0)
    file = file.substr(0, dot);
  return std::string(file);
}

std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.ends_with('\n'))
    text.remove_suffix(1);
  return text.empty() ? std::vector<std::string_view>{} : split(text, '\n');
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

unsigned cut_line_number(std::string_view& text) {
  auto rest = text;
  const bool in_parentheses = rest.ends_with(')');
  if (in_parentheses)
    rest.remove_suffix(1);
  const auto mark = rest.rfind(in_parentheses ? '(' : ':');
  if (mark == std::string_view::npos)
    return 0;
  const auto digits = rest.substr(mark + 1);
  unsigned line = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), line);
  if (error != std::errc() || end != digits.data() + digits.size())
    return 0;
  text = rest.substr(0, mark);
  return line;
}

} // namespace troupe_cli::test
