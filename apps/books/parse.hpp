#pragma once

#include "book.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace books {

// What the shop's pages say: HTML in UTF-8, however broken. `url` is where the page came from; the
// messages of errors, which are `std::runtime_error`, start with it.

/// The absolute URLs of the books on a list page, in the page's order. A page without any is an
/// error.
std::vector<std::string> parse_list_page(std::string_view html, const std::string& url);

/// The book of a detail page. A page without title or price is an error.
book parse_detail_page(std::string_view html, const std::string& url);

} // namespace books
