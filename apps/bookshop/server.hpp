#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace boost::asio {

class io_context;

} // namespace boost::asio

namespace bookshop {

struct server_options {
  /// TCP port on 127.0.0.1; 0: any free one.
  std::uint16_t port = 0;
  /// Added to each request, as a distant shop would. Concurrent requests wait at the same time.
  std::chrono::milliseconds latency{0};
};

/// The shop as an HTTP/1.1 server on 127.0.0.1. Serves for as long as `context` runs, which must be
/// in one thread only.
class server {
public:
  /// Listens when it returns: clients may connect before `context` runs. Throws
  /// `boost::system::system_error` if the port is taken.
  explicit server(boost::asio::io_context& context, const server_options& options = {});

  std::uint16_t port() const noexcept { return port_; }

private:
  std::uint16_t port_;
};

/// Serves until SIGINT or SIGTERM comes. Calls `listening` with the port once clients may connect. Throws
/// `boost::system::system_error` if the port is taken.
void serve_until_signal(
  const server_options& options, const std::function<void(std::uint16_t)>& listening);

} // namespace bookshop
