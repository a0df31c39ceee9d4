#pragma once

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// `text` as a document of XML may hold it: without the bytes that are not UTF-8, and without the characters that XML has not.
std::string valid_xml_text(std::string_view text);

} // namespace troupe_cli::test
