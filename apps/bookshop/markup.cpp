#include "markup.hpp"

#include <bit>

namespace bookshop {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The character reference for the UTF-8 sequence that `text`, which is valid UTF-8, starts with.
std::string reference(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  auto code_point = static_cast<unsigned>(lead & (0xFF >> (std::countl_one(lead) + 1)));
  for (std::size_t i = 1; i < text.size() && is_continuation(text[i]); ++i)
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  if (code_point == 0xA3)
    return "&pound;";
  if (code_point == 0xE9)
    return "&eacute;";
  return "&#" + std::to_string(code_point) + ";";
}

} // namespace

std::string escape(std::string_view text, page_charset charset) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else if (charset == page_charset::utf8 || static_cast<unsigned char>(c) < 0x80)
      out += c;
    else if (!is_continuation(c))
      out += reference(text.substr(i));
  }
  return out;
}

std::string slug(std::string_view title) {
  std::string out;
  for (const char c : title) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (out.ends_with('-'))
    out.pop_back();
  return out.empty() ? "book" : out;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos)
    return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"')
      out += '"';
    out += c;
  }
  return out + '"';
}

} // namespace bookshop
