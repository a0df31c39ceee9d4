#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe_cli::test {

/// An element of an XML document that was read.
struct xml_element {
  std::string name{};
  std::vector<std::pair<std::string, std::string>> attributes{};
  std::string text{}; ///< its own characters, without those of its children
  std::vector<xml_element> children{};

  /// The value of an attribute; empty without it.
  const std::string& attribute(std::string_view key) const;
  /// The same as a number; 0 if it is none.
  unsigned number(std::string_view key) const;
  /// The first child of that name, or null.
  const xml_element* child(std::string_view key) const;
};

struct xml_document {
  xml_element root{};
  bool complete = false; ///< well-formed up to its end
};

/// Reads a document of which only a beginning may be there, as a process leaves it that died: elements that are
/// not closed end where the text ends. Bytes and characters that no document may have are left out. The root has no name if there is nothing to read. Entities are not
/// expanded and nothing is loaded from anywhere.
xml_document read_xml(std::string_view text);

} // namespace troupe_cli::test
