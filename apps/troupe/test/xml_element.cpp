#include "test/xml_element.hpp"

#include "test/xml_text.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>

namespace troupe_cli::test {
namespace {

constexpr int deepest = 200; // what recurses here recurses no deeper

std::string text_of(const xmlChar* from) {
  return from == nullptr ? std::string{} : reinterpret_cast<const char*>(from);
}

xml_element convert(const xmlNode& node, int depth) {
  xml_element out;
  out.name = text_of(node.name);
  for (const auto* each = node.properties; each != nullptr; each = each->next) {
    const auto* value = each->children;
    out.attributes.emplace_back(
      text_of(each->name), value == nullptr ? std::string{} : text_of(value->content));
  }
  for (const auto* each = node.children; each != nullptr; each = each->next) {
    if (each->type == XML_ELEMENT_NODE && depth < deepest)
      out.children.push_back(convert(*each, depth + 1));
    else if (each->type == XML_TEXT_NODE || each->type == XML_CDATA_SECTION_NODE)
      out.text += text_of(each->content);
  }
  return out;
}

xml_document parse(std::string_view text) {
  xml_document out;
  if (text.empty() || text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return out;
  const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> parser{
    xmlNewParserCtxt(), &xmlFreeParserCtxt};
  if (!parser)
    throw std::bad_alloc();
  // No option for entities: one that is declared in the document stays a reference, which is left out.
  const int options =
    XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE;
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document{
    xmlCtxtReadMemory(
      parser.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr, options),
    &xmlFreeDoc};
  if (!document)
    return out;
  if (const auto* root = xmlDocGetRootElement(document.get()); root != nullptr)
    out.root = convert(*root, 0);
  out.complete = parser->wellFormed == 1;
  return out;
}

} // namespace

const std::string& xml_element::attribute(std::string_view key) const {
  static const std::string none;
  const auto found =
    std::ranges::find(attributes, key, &std::pair<std::string, std::string>::first);
  return found == attributes.end() ? none : found->second;
}

unsigned xml_element::number(std::string_view key) const {
  const auto& digits = attribute(key);
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

const xml_element* xml_element::child(std::string_view key) const {
  const auto found = std::ranges::find(children, key, &xml_element::name);
  return found == children.end() ? nullptr : &*found;
}

xml_document read_xml(std::string_view text) {
  const auto document = keep_attribute_space(text);
  auto out = parse(document);
  if (out.complete || text.empty())
    return out;
  // Frameworks write what tests give them, also bytes that no document may have, at which the parser ends.
  const auto valid = valid_xml_text(document);
  return valid.size() == document.size() ? out : parse(valid);
}

} // namespace troupe_cli::test
