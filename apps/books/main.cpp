// Scrapes a book shop into a CSV file, with a pool of processes: see tasks.hpp for what runs in
// them.
#include "csv.hpp"
#include "interruption.hpp"
#include "output_file.hpp"
#include "scraper.hpp"
#include "screen.hpp"
#include "settings.hpp"
#include "summary.hpp"
#include "tasks.hpp"
#include "text/terminal_text.hpp"

#include "bookshop/server_thread.hpp"

#include <troupe/pool.hpp>
#include <troupe/runtime.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

using clock = std::chrono::steady_clock;

troupe::pool_options make_pool_options(const books::settings& settings, const std::string& url) {
  auto options = settings.pool;
  // One connection for each page that a child loads at the same time.
  options.initializer =
    troupe::call(books::open_connections, url, options.childconcurrency, settings.timeout);
  options.finalizer = troupe::call(books::close_connections);
  return options;
}

// An error with what it was thrown for, innermost last.
std::string describe(const std::exception& error) {
  auto text = text::printable(error.what());
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& cause) {
    if (const auto inner = describe(cause); !text.ends_with(inner))
      text += ": " + inner;
  }
  return text;
}

void write_csv(books::output_file& file, const std::vector<books::book>& found) {
  file.write(books::csv_header());
  for (const auto& item : found)
    file.write(books::csv_row(item));
  file.commit();
}

int report(const books::scraped& found, const std::string& output) {
  std::cout << found.books.size() << " books in " << text::printable(output) << '\n';
  if (found.failed == 0)
    return 0;
  std::cout.flush();
  std::cerr << "books: " << found.failed << " of " << found.requests << " pages failed\n";
  return 1;
}

int run(troupe::runtime& rt, const books::settings& settings) {
  std::optional<bookshop::server_thread> shop;
  if (settings.app.url == books::embedded_shop)
    shop.emplace(bookshop::server_options{.latency = settings.shop_latency});
  const auto url = shop ? shop->url() : settings.app.url;

  const auto start = clock::now();
  troupe::pool pool(rt, make_pool_options(settings, url));
  const books::interruption interruption(rt, pool);
  try {
    // Before any work is done for it, and after signals could leave it behind.
    books::output_file file(settings.app.output);
    const auto found = books::scrape(pool, url, settings.app.pages);
    const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start);
    const auto stats = pool.stats();
    pool.close();
    pool.join();
    if (found.books.empty())
      throw std::runtime_error("found no books");
    write_csv(file, found.books);
    std::cout << books::run_summary(found.requests, elapsed, stats.children);
    return report(found, settings.app.output);
  } catch (const troupe::task_cancelled&) {
    if (interruption.signal() == 0)
      throw;
  } catch (const troupe::pool_closed&) {
    if (interruption.signal() == 0)
      throw;
  }
  pool.join();
  // The line that shows progress ends here.
  std::cerr << (books::screen_style() == books::progress_style::terminal ? "\n" : "")
            << "books: interrupted; nothing was written\n";
  return 128 + interruption.signal();
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  try {
    const auto parsed = books::read_settings(argc, argv);
    if (const auto* exit_code = std::get_if<int>(&parsed))
      return *exit_code;
    return run(rt, std::get<books::settings>(parsed));
  } catch (const std::exception& e) {
    std::cerr << "books: " << describe(e) << '\n';
    return 1;
  }
}
