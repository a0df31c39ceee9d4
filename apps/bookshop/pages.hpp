#pragma once

#include "catalogue.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace bookshop {

struct page {
  std::string content_type;
  std::string body;
};

/// Pages by the path under which they are served.
using site = std::unordered_map<std::string, page>;

/// Where the page of the book at `index` of the catalogue is, relative to "/catalogue/".
std::string detail_path(const std::vector<book>& books, std::size_t index);

/// The list page `number`, 1 to `page_count`. `catalogue_href` leads from the page to
/// "/catalogue/".
std::string list_page(
  const std::vector<book>& books, std::size_t number, const std::string& catalogue_href);

/// The page of the book at `index`.
std::string detail_page(const std::vector<book>& books, std::size_t index);

/// What the shop knows of its books, as CSV (RFC 4180) in the catalogue's order.
std::string catalogue_csv(const std::vector<book>& books);

/// Everything the shop serves: "/", "/catalogue/page-N.html", "/catalogue/<slug>_<id>/index.html"
/// and
/// "/catalogue.csv".
site render_site(const std::vector<book>& books);

} // namespace bookshop
