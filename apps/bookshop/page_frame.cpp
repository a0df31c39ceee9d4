#include "page_frame.hpp"

#include "catalogue.hpp"
#include "markup.hpp"

#include <array>

namespace bookshop {
namespace {

constexpr std::array<std::string_view, page_count> categories{"Travel", "Mystery",
  "Historical Fiction", "Sequential Art", "Classics", "Philosophy", "Romance", "Women's Fiction",
  "Fiction", "Childrens", "Religion", "Nonfiction", "Music", "Drama", "Science Fiction",
  "Sports & Games", "Atlases", "Fantasy", "New Adult", "Young Adult", "Science", "Poetry",
  "Paranormal", "Art", "Psychology", "Autobiography", "Parenting", "Adult Fiction", "Humor",
  "Horror", "History", "Food & Drink", "Christian Fiction", "Business", "Biography", "Thriller",
  "Contemporary", "Spirituality", "Academic", "Self Help", "Historical", "Christian", "Suspense",
  "Short Stories", "Novels", "Health", "Politics", "Cultural", "Essays", "Crime"};

constexpr std::string_view style = R"(
  <style>
    body { font: 15px/1.5 Georgia, serif; margin: 0 auto; max-width: 70em; color: #222; }
    .sidebar { float: left; width: 14em; } .content { margin-left: 16em; }
    .product_pod { display: inline-block; width: 12em; vertical-align: top; margin: 0 1em 2em 0; }
    .product_pod h3 { font-size: 1em; font-weight: normal; margin: .5em 0; }
    .price_color { color: #2a7d2e; font-weight: bold; } .availability { color: #777; }
    .thumbnail { width: 9em; height: 12em; border: 1px solid #ddd; padding: 4px; }
    .table-striped th { text-align: left; padding-right: 2em; } .pager li { display: inline; }
    .sub-header { border-bottom: 1px solid #ddd; margin-top: 2em; } a { color: #1b5a8c; }
  </style>
)";

} // namespace

std::string_view category_name(std::size_t number) {
  return categories[number - 1];
}

std::string list_path(std::size_t number) {
  return "page-" + std::to_string(number) + ".html";
}

std::string_view cover_image() {
  return "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 3 4'%3E"
         "%3Cpath fill='%23b8c7d6' d='M0 0h3v4H0z'/%3E%3C/svg%3E";
}

std::string page_head(const std::string& title, const std::string& catalogue_href) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en-us\">\n<head>\n  <title>" + title;
  out += "</title>\n  <meta http-equiv=\"content-type\" content=\"text/html; charset=UTF-8\">\n";
  out += "  <meta name=\"viewport\" content=\"width=device-width\">";
  out += style;
  out += "</head>\n<body id=\"default\" class=\"default\">\n  <header class=\"header\">\n";
  out += "    <a href=\"" + catalogue_href + "page-1.html\">Books to Scrape</a>\n";
  out += "    <small>We love being scraped!</small>\n  </header>\n  <div class=\"sidebar\">\n";
  out += "    <ul class=\"nav nav-list\">\n";
  for (std::size_t n = 1; n <= page_count; ++n) {
    out += "      <li>\n        <a href=\"" + catalogue_href + list_path(n) + "\">";
    out += escape(category_name(n)) + "</a>\n      </li>\n";
  }
  return out + "    </ul>\n  </div>\n  <div class=\"content\">\n";
}

std::string page_tail() {
  return "  </div>\n  <footer class=\"footer\">\n"
         "    <p>A demonstration shop: prices and ratings mean nothing.</p>\n"
         "  </footer>\n</body>\n</html>\n";
}

} // namespace bookshop
