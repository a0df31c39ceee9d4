#include "books/parse.hpp"
#include "bookshop/pages.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

const std::string shop_url = "http://127.0.0.1:8000/";

std::string wrapped(const std::string& contents) {
  return "<html><body>" + contents + "</body></html>";
}

} // namespace

TEST_CASE("every book of the catalogue comes back exactly from its rendered page") {
  const auto catalogue = bookshop::make_catalogue();
  REQUIRE(catalogue.size() == 1000);
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    CAPTURE(i);
    const auto found = books::parse_detail_page(bookshop::detail_page(catalogue, i), shop_url);
    const auto& sold = catalogue[i];
    REQUIRE(found == books::book{sold.title, sold.price, sold.description});
  }
}

TEST_CASE("the list pages link to every book once, in the catalogue's order") {
  const auto catalogue = bookshop::make_catalogue();
  std::vector<std::string> links;
  for (std::size_t n = 1; n <= bookshop::page_count; ++n) {
    const auto url = shop_url + "catalogue/page-" + std::to_string(n) + ".html";
    for (auto& link : books::parse_list_page(bookshop::list_page(catalogue, n, ""), url))
      links.push_back(std::move(link));
  }
  REQUIRE(links.size() == catalogue.size());
  for (std::size_t i = 0; i < links.size(); ++i)
    REQUIRE(links[i] == shop_url + "catalogue/" + bookshop::detail_path(catalogue, i));
  CHECK(std::set<std::string>(links.begin(), links.end()).size() == links.size());
}

TEST_CASE("the catalogue has what makes scraping hard") {
  const auto catalogue = bookshop::make_catalogue();
  const auto has = [&](const std::string& text) {
    return std::any_of(catalogue.begin(), catalogue.end(),
      [&](const bookshop::book& item) { return item.title.find(text) != std::string::npos; });
  };
  for (const auto* text : {"\"", "'", ",", "&amp;", "<", "]]>", "红楼梦", "Мастер", "ألف", "🚀"})
    CHECK(has(text));
  const auto missing = std::count_if(catalogue.begin(), catalogue.end(),
    [](const bookshop::book& item) { return !item.description; });
  CHECK(missing > 0);
}

TEST_CASE(
  "a page without title, without price or without anything is an error that names the URL") {
  const auto parse = [](const std::string& html) {
    return books::parse_detail_page(html, "http://shop/x");
  };
  using Catch::Equals;
  CHECK_THROWS_WITH(parse(wrapped("<p>Hello")), Equals("http://shop/x: page has no title"));
  CHECK_THROWS_WITH(parse(wrapped("<div class=product_main><h1> </h1></div>")),
    Equals("http://shop/x: page has no title"));
  CHECK_THROWS_WITH(parse(wrapped("<div class=product_main><h1>It</h1></div>")),
    Equals("http://shop/x: page has no price"));
  CHECK_THROWS_WITH(parse(""), Equals("http://shop/x: page is empty or not HTML"));
}

TEST_CASE("a list page without books is an error that names the URL") {
  CHECK_THROWS_WITH(books::parse_list_page(wrapped("<p>Sold out"), "http://shop/l"),
    Catch::Equals("http://shop/l: page lists no books"));
}

TEST_CASE("broken markup is read as browsers read it") {
  const auto found =
    books::parse_detail_page("<div class='big product_main'><h1>A <b>bold</b> & <i>title</h1>\n"
                             "<p class='x price_color'>\n &pound;1.00 <p>In stock</div>"
                             "<div id=product_description></div> <p> Text <p> More",
      "http://shop/x");
  CHECK(found == books::book{"A bold & title", "£1.00", "Text"});
}

TEST_CASE("only a paragraph right behind the heading is a description") {
  const auto found = books::parse_detail_page(
    wrapped("<div class=product_main><h1>T</h1><p class=price_color>£1</p></div>"
            "<div id=product_description></div><div>Ad</div><p>Text</p>"),
    "http://shop/x");
  CHECK(found.description == std::nullopt);
}

TEST_CASE("links are relative to their page, and encoded as browsers do") {
  const auto links = books::parse_list_page(
    wrapped("<article class='product_pod x'><div class='image_container'><a href='../a b/ü.html'>"
            "</a></div><div class='image_container'><p><a href='/c?x=1'></a></p></div></article>"
            "<article><div class='image_container'><a href='no'></a></div></article>"),
    "http://shop:81/catalogue/page-1.html");
  CHECK(
    links == std::vector<std::string>{"http://shop:81/a%20b/%C3%BC.html", "http://shop:81/c?x=1"});
}
