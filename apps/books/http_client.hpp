#pragma once

#include "http_url.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace books {

/// A fixed number of kept-alive connections to one HTTP server. For one thread, the one that runs
/// `executor`. Must not be destroyed before its `get`s have ended.
///
/// Errors are `std::runtime_error`, with messages that start with the URL.
class http_client {
public:
  using milliseconds = std::chrono::milliseconds;

  /// Opens all connections; blocks until they are open.
  http_client(boost::asio::any_io_executor executor, const std::string& base_url,
    std::size_t connections, milliseconds timeout);

  /// The body of a page. Waits for a free connection; from then on the server has `timeout`. Only
  /// 200 is a success: redirections are not followed. A server may close a connection that nobody
  /// uses, so if one ends before the answer begins, the request is sent once more on a new one.
  boost::asio::awaitable<std::string> get(std::string url);

private:
  struct connection {
    boost::beast::tcp_stream stream;
    boost::beast::flat_buffer unread{};
    bool open = false;
    bool used = false; // has served a request since it was opened
  };
  class lease;
  struct answer;

  boost::asio::awaitable<void> open(connection& to);
  boost::asio::awaitable<answer> ask(connection& to, const http_url& url);

  http_url origin_;
  milliseconds timeout_;
  boost::asio::ip::tcp::resolver::results_type endpoints_;
  std::vector<std::unique_ptr<connection>> connections_;
  // Whoever receives a connection from here owns it until it sends it back.
  boost::asio::experimental::channel<void(boost::system::error_code, connection*)> idle_;
};

} // namespace books
