// Tasks of all kinds, for the tests of `troupe run`.
#include <troupe/module.hpp>
#include <troupe/this_child.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace library {

struct page {
  std::string title;
  std::optional<int> number;
};

struct book {
  std::string title;
  std::vector<page> pages;
};

struct line {
  std::string title;
  std::size_t pages = 0;
  std::optional<std::string> first;
};

int add(int a, int b) {
  return a + b;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  return text;
}

line summary(const book& from) {
  return {from.title, from.pages.size(),
    from.pages.empty() ? std::nullopt : std::optional(from.pages.front().title)};
}

std::vector<int> up_to(int last) {
  std::vector<int> all;
  for (int i = 1; i <= last; ++i)
    all.push_back(i);
  return all;
}

int odd(int number) {
  if (number % 2 == 0)
    throw std::invalid_argument(std::to_string(number) + " is even");
  return number;
}

int crash(int number) {
  if (number == 2)
    std::abort();
  return number;
}

// Waits until there is a file of that name.
std::string wait_for(std::string file) {
  while (!std::ifstream(file))
    ;
  return file;
}

boost::asio::awaitable<int> twice(int number) {
  boost::asio::steady_timer timer(
    troupe::this_child::executor(), std::chrono::milliseconds(number % 3));
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return 2 * number;
}

std::string greeting = "hello";

void set_greeting(std::string text) {
  greeting = std::move(text);
}

std::string greet(std::string name) {
  return greeting + ' ' + name;
}

} // namespace library

TROUPE_TASKS(library::add, library::upper, library::summary, library::up_to, library::odd,
  library::crash, troupe::blocking(library::wait_for), library::twice, library::set_greeting,
  troupe::named("say", library::greet), troupe::named("library::greet", library::greet));
