#include "test/xml_text.hpp"

#include <libxml/xmlstring.h>

#include <algorithm>

namespace troupe_cli::test {
namespace {

bool is_xml_character(int code_point) {
  return code_point == 0x9 || code_point == 0xA || code_point == 0xD ||
         (code_point >= 0x20 && code_point <= 0xD7FF) ||
         (code_point >= 0xE000 && code_point <= 0xFFFD) || code_point >= 0x10000;
}

} // namespace

std::string valid_xml_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    int size = static_cast<int>(std::min<std::size_t>(text.size(), 4)); // the longest character
    const int code_point = xmlGetUTF8Char(reinterpret_cast<const xmlChar*>(text.data()), &size);
    const auto taken = code_point < 0 ? 1U : static_cast<std::size_t>(size);
    if (code_point >= 0 && is_xml_character(code_point))
      out += text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return out;
}

} // namespace troupe_cli::test
