#include "config/message_text.hpp"

#include "base/limits.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

constexpr std::string_view ellipsis = "...";

std::string hex_escape(std::string_view prefix, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(prefix);
  out += digits[byte >> 4];
  out += digits[byte & 15];
  return out;
}

// One code point, or one byte that is not part of any.
std::string printable(std::string_view unit, bool valid) {
  const auto first = static_cast<unsigned char>(unit[0]);
  if (unit == "\n")
    return "\\n";
  if (unit == "\t")
    return "\\t";
  if (!valid || first < 0x20 || first == 0x7F)
    return hex_escape("\\x", first);
  // U+0080 to U+009F: terminals take some of these for the start of a control sequence.
  if (first == 0xC2 && static_cast<unsigned char>(unit[1]) < 0xA0)
    return hex_escape("\\u00", static_cast<unsigned char>(unit[1]));
  return std::string(unit);
}

std::string escape(std::string_view text, std::string_view also_escaped, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto unit = text.substr(0, std::max<std::size_t>(length, 1));
    auto shown = printable(unit, length > 0);
    if (unit.size() == 1 && also_escaped.find(unit[0]) != std::string_view::npos)
      shown.insert(0, 1, '\\');
    if (out.size() + shown.size() > max_bytes)
      return out.append(ellipsis);
    out += shown;
    text.remove_prefix(unit.size());
  }
  return out;
}

bool is_bare_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

} // namespace

bool is_printable(std::string_view text) {
  return escape(text, {}, std::string_view::npos) == text;
}

std::string quoted_for_message(std::string_view value) {
  return '"' + escape(value, "\"\\", limits::max_shown_value_bytes) + '"';
}

std::string key_for_message(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, is_bare_key_character);
  return bare ? escape(key, {}, limits::max_shown_value_bytes) : quoted_for_message(key);
}

std::string file_for_message(std::string_view file) {
  if (file.empty())
    return "\"\"";
  if (file.size() <= limits::max_shown_path_bytes)
    return escape(file, {}, 4 * limits::max_shown_path_bytes);
  auto tail = file.substr(file.size() - limits::max_shown_path_bytes);
  while (!tail.empty() && utf8_length(tail) == 0 && tail.size() > limits::max_shown_path_bytes - 4)
    tail.remove_prefix(1); // the rest of a code point that the cut went through
  return std::string(ellipsis) + escape(tail, {}, 4 * limits::max_shown_path_bytes);
}

std::string sentence_for_message(std::string_view sentence) {
  return escape(sentence, {}, limits::max_shown_sentence_bytes);
}

} // namespace troupe::detail
