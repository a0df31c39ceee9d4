#include "tasks.hpp"

#include "http_client.hpp"
#include "parse.hpp"

#include <troupe/this_child.hpp>

#include <stdexcept>
#include <utility>

namespace books {
namespace {

// Made by the initializer, for all tasks of this child. A plain pointer: a child that leaves
// without running its finalizer must not destroy sockets after the event loop that they belong to.
http_client* client = nullptr;

http_client& connected_client() {
  if (!client)
    throw std::logic_error("books: the pool has no open_connections initializer");
  return *client;
}

} // namespace

void open_connections(std::string base_url, std::size_t count, std::chrono::milliseconds timeout) {
  client = new http_client(troupe::this_child::executor(), base_url, count, timeout);
}

void close_connections() {
  delete std::exchange(client, nullptr);
}

boost::asio::awaitable<std::vector<std::string>> list_page(std::string url) {
  const auto html = co_await connected_client().get(url);
  co_return parse_list_page(html, url);
}

boost::asio::awaitable<book> detail_page(std::string url) {
  const auto html = co_await connected_client().get(url);
  co_return parse_detail_page(html, url);
}

} // namespace books
