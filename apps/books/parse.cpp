#include "parse.hpp"

#include "http_url.hpp"

#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>

#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>

namespace books {
namespace {

// CSS: article.product_pod div.image_container a
constexpr const char* book_links =
  "//article[contains(concat(' ', normalize-space(@class), ' '), ' "
  "product_pod ')]//div[contains(concat(' ', "
  "normalize-space(@class), ' '), ' image_container ')]//a/@href";
// CSS: div.product_main h1
constexpr const char* title = "//div[contains(concat(' ', normalize-space(@class), ' '), ' "
                              "product_main ')]//h1";
// CSS: div.product_main p.price_color
constexpr const char* price = "//div[contains(concat(' ', normalize-space(@class), ' '), ' "
                              "product_main ')]//p[contains(concat(' ', normalize-space(@class), ' "
                              "'), ' price_color ')]";
// CSS: div#product_description + p
constexpr const char* description =
  "//div[@id='product_description']/following-sibling::*[1][self::p]";

std::string trimmed(std::string_view text) {
  static constexpr std::string_view blanks = " \t\r\n\f";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) + 1 - first));
}

// A parsed page. Pages of the web are never quite valid, so what libxml2 thinks of them is
// silenced.
class document {
public:
  document(std::string_view html, const std::string& url)
    : url_(url) {
    if (html.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      fail("page is too large");
    tree_.reset(htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET));
    if (tree_)
      context_.reset(xmlXPathNewContext(tree_.get()));
    if (!context_)
      fail("page is empty or not HTML");
  }

  std::vector<std::string> texts(const char* xpath) const {
    const auto* expression = reinterpret_cast<const xmlChar*>(xpath);
    const std::unique_ptr<xmlXPathObject, decltype(&xmlXPathFreeObject)> found(
      xmlXPathEvalExpression(expression, context_.get()), &xmlXPathFreeObject);
    std::vector<std::string> out;
    const auto* nodes = found ? found->nodesetval : nullptr;
    for (int i = 0; nodes && i < nodes->nodeNr; ++i) {
      const std::unique_ptr<xmlChar, void (*)(void*)> text(
        xmlNodeGetContent(nodes->nodeTab[i]), [](void* content) { xmlFree(content); });
      out.push_back(text ? trimmed(reinterpret_cast<const char*>(text.get())) : std::string());
    }
    return out;
  }

  std::optional<std::string> text(const char* xpath) const {
    auto all = texts(xpath);
    return all.empty() ? std::nullopt : std::optional(std::move(all.front()));
  }

  std::string needed_text(const char* xpath, const char* name) const {
    auto found = text(xpath).value_or("");
    if (found.empty())
      fail(std::string("page has no ") + name);
    return found;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw std::runtime_error(url_ + ": " + problem);
  }

private:
  const std::string& url_;
  std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> tree_{nullptr, &xmlFreeDoc};
  std::unique_ptr<xmlXPathContext, decltype(&xmlXPathFreeContext)> context_{
    nullptr, &xmlXPathFreeContext};
};

} // namespace

std::vector<std::string> parse_list_page(std::string_view html, const std::string& url) {
  const document page(html, url);
  auto links = page.texts(book_links);
  if (links.empty())
    page.fail("page lists no books");
  for (auto& link : links) {
    try {
      link = resolve_url(url, link);
    } catch (const std::invalid_argument& e) {
      page.fail(e.what());
    }
  }
  return links;
}

book parse_detail_page(std::string_view html, const std::string& url) {
  const document page(html, url);
  return {.title = page.needed_text(title, "title"),
    .price = page.needed_text(price, "price"),
    .description = page.text(description)};
}

} // namespace books
