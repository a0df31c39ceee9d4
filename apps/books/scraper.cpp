#include "scraper.hpp"

#include "progress.hpp"
#include "screen.hpp"
#include "tasks.hpp"
#include "text/terminal_text.hpp"

#include <chrono>
#include <exception>
#include <iterator>
#include <optional>

namespace books {
namespace {

using clock = std::chrono::steady_clock;

// What is said of a page that failed. Errors that do not come from our own tasks, such as the death
// of a child, do not know the page.
std::string failure_line(const std::string& url, const std::exception& error) {
  const std::string what = error.what();
  return "books: " + text::printable(what.starts_with(url) ? what : url + ": " + what);
}

// Runs `task` for each URL, all of them at once as far as the pool is concerned. The values are in
// the order of the URLs, and nothing is where a page failed.
template <class T>
std::vector<std::optional<T>> load_all(troupe::pool& pool, const std::string& label,
  boost::asio::awaitable<T> (*task)(std::string), const std::vector<std::string>& urls,
  std::size_t& failed) {
  std::vector<std::optional<T>> values(urls.size());
  if (urls.empty())
    return values;
  progress_meter meter(screen_style(), label, urls.size(), clock::now());
  for (const auto& item : pool.map_unordered(task, urls)) {
    try {
      values[item.index()] = item.value();
    } catch (const troupe::pool_failed&) {
      throw;
    } catch (const troupe::task_cancelled&) {
      throw;
    } catch (const std::exception& e) {
      show(meter.message(failure_line(urls[item.index()], e)));
    }
    show(meter.item_done(!item.has_value(), clock::now(), screen_width()));
  }
  show(meter.finish(clock::now(), screen_width()));
  failed += meter.state().failed;
  return values;
}

std::vector<std::string> list_urls(const std::string& shop, std::size_t pages) {
  const auto prefix = shop + (shop.ends_with('/') ? "" : "/") + "catalogue/page-";
  std::vector<std::string> urls;
  for (std::size_t n = 1; n <= pages; ++n)
    urls.push_back(prefix + std::to_string(n) + ".html");
  return urls;
}

} // namespace

scraped scrape(troupe::pool& pool, const std::string& url, std::size_t pages) {
  scraped out;
  const auto lists = list_urls(url, pages);
  std::vector<std::string> details;
  for (auto& links : load_all(pool, "lists", list_page, lists, out.failed))
    if (links)
      std::ranges::move(*links, std::back_inserter(details));
  for (auto& found : load_all(pool, "books", detail_page, details, out.failed))
    if (found)
      out.books.push_back(std::move(*found));
  out.requests = lists.size() + details.size();
  return out;
}

} // namespace books
