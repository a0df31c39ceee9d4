#include "terminal_text.hpp"

#include <libxml/xmlstring.h>

#include <algorithm>

namespace text {
namespace {

bool is_harmless(int code_point) {
  const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
  const bool line_end = code_point == 0x2028 || code_point == 0x2029;
  const bool direction = (code_point >= 0x202A && code_point <= 0x202E) ||
                         (code_point >= 0x2066 && code_point <= 0x2069);
  return !control && !line_end && !direction;
}

} // namespace

std::string printable(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    // 4 bytes are the longest character there is.
    int size = static_cast<int>(std::min<std::size_t>(text.size(), 4));
    const int code_point = xmlGetUTF8Char(reinterpret_cast<const xmlChar*>(text.data()), &size);
    if (code_point >= 0 && is_harmless(code_point)) {
      out += text.substr(0, static_cast<std::size_t>(size));
      text.remove_prefix(static_cast<std::size_t>(size));
      continue;
    }
    const auto bad = code_point < 0 ? 1U : static_cast<std::size_t>(size);
    for (const char c : text.substr(0, bad)) {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'\\', 'x', digits[byte >> 4], digits[byte & 0xF]});
    }
    text.remove_prefix(bad);
  }
  return out;
}

} // namespace text
