#pragma once

#include "book.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace books {

// What runs in the children. Their pool needs `open_connections` as its initializer and
// `close_connections` as its finalizer.

/// Connects this child to the shop. Throws `std::runtime_error` if it cannot be reached.
void open_connections(std::string base_url, std::size_t count, std::chrono::milliseconds timeout);
void close_connections();

/// The URLs of the books on one list page.
boost::asio::awaitable<std::vector<std::string>> list_page(std::string url);

/// The book on one detail page.
boost::asio::awaitable<book> detail_page(std::string url);

} // namespace books
