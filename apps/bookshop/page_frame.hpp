#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bookshop {

// What is around the contents of each page.

/// The name of the category that list page `number` shows.
std::string_view category_name(std::size_t number);

/// Where list page `number` is, relative to "/catalogue/".
std::string list_path(std::size_t number);

/// An image for all books, as a URL.
std::string_view cover_image();

/// From the beginning to where the contents start. `title` is markup.
std::string page_head(const std::string& title, const std::string& catalogue_href);

/// From where the contents end.
std::string page_tail();

} // namespace bookshop
