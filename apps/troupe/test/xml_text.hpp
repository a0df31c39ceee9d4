#pragma once

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// `text` as a document of XML may hold it: without the bytes that are not UTF-8, and without the characters that XML has not.
std::string valid_xml_text(std::string_view text);

/// The same document with line ends and tabs in values of attributes written as references: a reader takes them for spaces
/// otherwise, and frameworks write names as they are.
std::string keep_attribute_space(std::string_view document);

} // namespace troupe_cli::test
