#include "base/escape.hpp"

#include "base/utf8.hpp"

namespace troupe::base {

namespace {

void append_hex(std::string& out, unsigned char byte) {
  static constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

} // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto length = detail::utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool control = (first < 0x20 && first != '\n' && first != '\t') || first == 0x7f;
    // U+0080 to U+009F are controls as well; in UTF-8 they are 0xC2 0x80 to 0xC2 0x9F.
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const auto taken = length == 0 ? 1 : length;
    if (length == 0 || control || c1)
      for (const char byte : text.substr(0, taken))
        append_hex(out, static_cast<unsigned char>(byte));
    else
      out += text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return out;
}

} // namespace troupe::base
