#pragma once

#include <troupe/config.hpp>

#include <cstddef>
#include <map>
#include <string>

namespace books {

/// A URL that stands for a shop of the program's own.
inline constexpr const char* embedded_shop = "embedded";

/// The most list pages that a run may ask for.
inline constexpr std::size_t max_pages = 100'000;

/// What `[app.books]` of a configuration file says.
struct app_settings {
  /// Where the shop is, or `embedded_shop`.
  std::string url = embedded_shop;
  /// The CSV file.
  std::string output = "books.csv";
  /// The number of list pages: 1 to `max_pages`.
  std::size_t pages = 50;
};

/// Throws `troupe::config_error`, with a line for each problem: "file:line:column: app.books.key:
/// problem".
app_settings read_app_settings(const std::map<std::string, troupe::app_setting>& entries);

/// What is wrong with a shop's URL; empty if nothing is.
std::string url_problem(const std::string& url);

} // namespace books
