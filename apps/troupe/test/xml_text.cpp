#include "test/xml_text.hpp"

#include <libxml/xmlstring.h>

#include <algorithm>
#include <utility>

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

std::string keep_attribute_space(std::string_view document) {
  constexpr std::pair<std::string_view, std::string_view> not_tags[]{
    {"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
  std::string out;
  out.reserve(document.size());
  std::size_t skip_to = 0;
  bool in_tag = false;
  char quote = '\0';
  for (std::size_t at = 0; at < document.size(); ++at) {
    const char c = document[at];
    if (at >= skip_to && !in_tag && c == '<') {
      in_tag = true;
      for (const auto& [begin, end] : not_tags)
        if (document.substr(at).starts_with(begin)) {
          in_tag = false;
          skip_to = std::min(document.find(end, at), document.size());
        }
    } else if (in_tag && quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (in_tag && quote == '\0' && c == '>') {
      in_tag = false;
    } else if (c == quote) {
      quote = '\0';
    } else if (quote != '\0' && (c == '\n' || c == '\t' || c == '\r')) {
      out.append("&#").append(std::to_string(static_cast<int>(c))).append(";");
      continue;
    }
    out += c;
  }
  return out;
}

} // namespace troupe_cli::test
