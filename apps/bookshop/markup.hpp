#pragma once

#include <string>
#include <string_view>

namespace bookshop {

/// How a page writes characters beyond ASCII. Real shops have both kinds of pages.
enum class page_charset {
  utf8,  // as they are
  ascii, // as character references
};

/// `text` as the content of an element or of a quoted attribute.
std::string escape(std::string_view text, page_charset charset = page_charset::utf8);

/// A title as a part of a path: ASCII letters, digits and hyphens, never empty.
std::string slug(std::string_view title);

/// A field as RFC 4180 writes it: in quotation marks if it needs them.
std::string csv_field(std::string_view text);

} // namespace bookshop
