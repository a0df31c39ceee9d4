// troupe-bench-books: the book shop for troupe-bench, see baselines.hpp.
//   troupe-bench-books scrape LATENCY_MS LIST_PAGES | parse PROCESSES LIST_PAGES
#include "reading.hpp"

#include "books/parse.hpp"
#include "books/tasks.hpp"
#include "bookshop/catalogue.hpp"
#include "bookshop/pages.hpp"
#include "bookshop/server_thread.hpp"

#include <troupe/child_entry.hpp>
#include <troupe/coroutine.hpp>
#include <troupe/pool.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace bench;

std::vector<reading> took(std::size_t requests, double seconds) {
  return {{"took", seconds * 1000, "ms"}, {"requests", static_cast<double>(requests), "pages"},
    {"rate", static_cast<double>(requests) / seconds, "pages/s"}};
}

// The shop is in this process: its time is part of it. The pool is not made in that time.
std::vector<reading> scrape(troupe::runtime& rt, long latency_ms, long list_pages) {
  const bookshop::server_thread shop({.latency = std::chrono::milliseconds(latency_ms)});
  constexpr std::size_t concurrency = 16;
  const auto connect = troupe::call(
    books::open_connections, shop.url(), concurrency, std::chrono::milliseconds(30'000));
  troupe::pool pool{rt, {.initializer = connect,
                          .childconcurrency = concurrency,
                          .finalizer = troupe::call(books::close_connections)}};
  for (auto& each : pool.broadcast([] { return ::getpid(); }))
    each.get();
  std::vector<std::string> lists;
  for (long i = 1; i <= list_pages; ++i)
    lists.push_back(shop.url() + "catalogue/page-" + std::to_string(i) + ".html");
  std::vector<std::string> links;
  const auto begin = bench::clock::now();
  for (const auto& page : pool.map(books::list_page, lists).get())
    links.insert(links.end(), page.begin(), page.end());
  const auto found = pool.map(books::detail_page, links).get();
  const double seconds = seconds_since(begin);
  if (found.size() != static_cast<std::size_t>(list_pages) * bookshop::books_per_page)
    throw std::runtime_error("a book is missing");
  return took(lists.size() + links.size(), seconds);
}

struct rendered {
  std::vector<std::string> lists;
  std::vector<std::string> details;
};

rendered render(long list_pages) {
  const auto catalogue = bookshop::make_catalogue();
  rendered pages;
  for (long i = 0; i < list_pages; ++i)
    pages.lists.push_back(bookshop::list_page(catalogue, static_cast<std::size_t>(i) + 1, ""));
  for (std::size_t i = 0; i < pages.lists.size() * bookshop::books_per_page; ++i)
    pages.details.push_back(bookshop::detail_page(catalogue, i));
  return pages;
}

void parse_share(const rendered& pages, long first, long step) {
  const auto share = [&](const std::vector<std::string>& all, auto parse_one) {
    for (auto i = static_cast<std::size_t>(first); i < all.size();
         i += static_cast<std::size_t>(step))
      parse_one(all[i], "http://shop/catalogue/page.html");
  };
  share(pages.lists, books::parse_list_page);
  share(pages.details, books::parse_detail_page);
}

// Each process parses its share of the pages, which all have in memory.
std::vector<reading> parse(long processes, long list_pages) {
  const auto pages = render(list_pages);
  const auto begin = bench::clock::now();
  std::vector<pid_t> children;
  for (long i = 0; i < processes; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) {
      parse_share(pages, i, processes);
      ::_exit(0);
    }
  }
  for (const auto pid : children) {
    int status = 0;
    if (::waitpid(pid, &status, 0) < 0 || status != 0)
      throw std::runtime_error("a process that parses failed");
  }
  return took(pages.lists.size() + pages.details.size(), seconds_since(begin));
}

} // namespace

int main(int argc, char** argv) {
  troupe::child_entry(argc, argv);
  if (argc != 4) {
    std::fprintf(
      stderr, "troupe-bench-books: scrape LATENCY_MS LIST_PAGES | parse PROCESSES LIST_PAGES\n");
    return 2;
  }
  try {
    const long number = std::atol(argv[2]);
    const long pages = std::atol(argv[3]);
    if (std::string(argv[1]) == "parse") {
      print(parse(number, pages));
      return 0;
    }
    troupe::runtime rt{argc, argv};
    print(scrape(rt, number, pages));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe-bench-books: %s\n", e.what());
    return 1;
  }
}
