#include "pages.hpp"

#include "markup.hpp"
#include "page_frame.hpp"

#include <array>

namespace bookshop {
namespace {

page_charset charset_of(std::size_t index) {
  return index % 3 == 0 ? page_charset::ascii : page_charset::utf8;
}

// One book on a list page or among the recommendations of another.
std::string product_pod(
  const std::vector<book>& books, std::size_t index, const std::string& catalogue_href) {
  static constexpr std::array ratings{"One", "Two", "Three", "Four", "Five"};
  const auto& item = books[index];
  const auto charset = charset_of(index);
  const auto title = escape(item.title, charset);
  const auto href = catalogue_href + detail_path(books, index);
  std::string out = "    <article class=\"product_pod\">\n      <div class=\"image_container\">\n";
  out += "        <a href=\"" + href + "\"><img src=\"" + std::string(cover_image());
  out += "\" alt=\"" + title + "\" class=\"thumbnail\"></a>\n      </div>\n";
  out +=
    "      <p class=\"star-rating " + std::string(ratings[index % ratings.size()]) + "\"></p>\n";
  out += "      <h3><a href=\"" + href + "\" title=\"" + title + "\">" + title + "</a></h3>\n";
  out += "      <div class=\"product_price\">\n        <p class=\"price_color\">";
  out +=
    escape(item.price, charset) + "</p>\n        <p class=\"instock availability\">In stock</p>\n";
  return out + "      </div>\n    </article>\n";
}

std::string table_row(const std::string& name, const std::string& value) {
  return "      <tr><th>" + name + "</th><td>" + value + "</td></tr>\n";
}

std::string product_table(const book& item, std::size_t index, page_charset charset) {
  const auto price = escape(item.price, charset);
  std::string out = "    <table class=\"table table-striped\">\n";
  out += table_row("UPC", "b00c" + std::to_string(0xA0000000 + index * 7919));
  out += table_row("Product Type", "Books");
  out += table_row("Price (excl. tax)", price) + table_row("Price (incl. tax)", price);
  out += table_row("Tax", escape("£0.00", charset));
  out += table_row("Availability", "In stock (" + std::to_string(1 + index % 22) + " available)");
  return out + table_row("Number of reviews", "0") + "    </table>\n";
}

std::string recommendations(const std::vector<book>& books, std::size_t index) {
  static constexpr std::size_t count = 4;
  std::string out = "    <div class=\"sub-header\"><h2>Products you recently viewed</h2></div>\n";
  for (std::size_t i = 1; i <= count; ++i)
    out += product_pod(books, (index + i * 37) % books.size(), "../");
  return out;
}

} // namespace

std::string detail_path(const std::vector<book>& books, std::size_t index) {
  return slug(books[index].title) + '_' + std::to_string(books.size() - index) + "/index.html";
}

std::string list_page(
  const std::vector<book>& books, std::size_t number, const std::string& catalogue_href) {
  const auto first = (number - 1) * books_per_page;
  std::string out = page_head(std::string(category_name(number)) + " | Books", catalogue_href);
  out +=
    "    <div class=\"page-header action\"><h1>" + escape(category_name(number)) + "</h1></div>\n";
  out += "    <p><strong>" + std::to_string(books.size()) + "</strong> results - showing <strong>";
  out += std::to_string(first + 1) + "</strong> to <strong>";
  out += std::to_string(first + books_per_page) + "</strong>.</p>\n";
  for (std::size_t i = first; i < first + books_per_page; ++i)
    out += product_pod(books, i, catalogue_href);
  const auto link = [&](std::size_t to, const std::string& text) {
    return "      <li><a href=\"" + catalogue_href + list_path(to) + "\">" + text + "</a></li>\n";
  };
  out += "    <ul class=\"pager\">\n";
  if (number > 1)
    out += link(number - 1, "previous");
  out += "      <li class=\"current\">Page " + std::to_string(number) + " of 50</li>\n";
  if (number < page_count)
    out += link(number + 1, "next");
  return out + "    </ul>\n" + page_tail();
}

std::string detail_page(const std::vector<book>& books, std::size_t index) {
  const auto& item = books[index];
  const auto charset = charset_of(index);
  const auto title = escape(item.title, charset);
  std::string out = page_head(title + " | Books", "../");
  out += "    <article class=\"product_page\">\n    <div id=\"product_gallery\"><img src=\"";
  out += std::string(cover_image()) + "\" alt=\"" + title + "\"></div>\n";
  out += "    <div class=\"col-sm-6 product_main\">\n      <h1>" + title + "</h1>\n";
  out += "      <p class=\"price_color\">" + escape(item.price, charset) + "</p>\n";
  out += "      <p class=\"instock availability\">\n        In stock\n      </p>\n    </div>\n";
  if (item.description) {
    out += "    <div id=\"product_description\" class=\"sub-header\">\n";
    out += "      <h2>Product Description</h2>\n    </div>\n    <p>";
    out += escape(*item.description, charset) + "</p>\n";
  }
  out += "    <div class=\"sub-header\"><h2>Product Information</h2></div>\n";
  out += product_table(item, index, charset);
  return out + recommendations(books, index) + "    </article>\n" + page_tail();
}

std::string catalogue_csv(const std::vector<book>& books) {
  std::string out = "title,price,description\r\n";
  for (const auto& item : books) {
    out += csv_field(item.title) + ',' + csv_field(item.price) + ',';
    out += csv_field(item.description.value_or("")) + "\r\n";
  }
  return out;
}

site render_site(const std::vector<book>& books) {
  const std::string html = "text/html; charset=utf-8";
  site pages;
  pages["/"] = pages["/index.html"] = {html, list_page(books, 1, "catalogue/")};
  for (std::size_t n = 1; n <= page_count; ++n)
    pages["/catalogue/" + list_path(n)] = {html, list_page(books, n, "")};
  for (std::size_t i = 0; i < books.size(); ++i)
    pages["/catalogue/" + detail_path(books, i)] = {html, detail_page(books, i)};
  pages["/catalogue.csv"] = {"text/csv; charset=utf-8; header=present", catalogue_csv(books)};
  return pages;
}

} // namespace bookshop
