#include "top/metrics_server.hpp"

#include "top/interactive.hpp"
#include "top/metrics.hpp"
#include "top/symbols.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe_cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

// Connections at a time; further ones are hung up on.
constexpr int max_connections = 8;
constexpr std::chrono::seconds patience{10};

class metrics_server {
public:
  metrics_server(asio::io_context& io, watched_list& watched)
    : watched_(watched)
    , names_(names_of(symbols_))
    , acceptor_(io) {}

  void listen(int port) {
    const tcp::endpoint place(asio::ip::address_v4::loopback(), static_cast<unsigned short>(port));
    acceptor_.open(place.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(place);
    acceptor_.listen();
    asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached);
  }

private:
  asio::awaitable<void> accept() {
    for (;;) {
      boost::system::error_code error;
      auto socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) { // there is no descriptor for it at present
        asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::use_awaitable);
        continue;
      }
      if (open_ == max_connections)
        continue; // hung up on
      ++open_;
      asio::co_spawn(acceptor_.get_executor(), serve(beast::tcp_stream(std::move(socket))),
        [this](
          const std::exception_ptr&) { --open_; }); // whatever it was, it was that connection's
    }
  }

  asio::awaitable<void> serve(beast::tcp_stream stream) {
    beast::flat_buffer buffer;
    for (;;) {
      stream.expires_after(patience);
      http::request_parser<http::empty_body> parser;
      parser.header_limit(8 * 1024);
      co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
      auto response = answer(parser.get());
      stream.expires_after(patience);
      co_await http::async_write(stream, response, asio::use_awaitable);
      if (!response.keep_alive())
        break;
    }
  }

  http::response<http::string_body> answer(const http::request<http::empty_body>& request) {
    const bool head = request.method() == http::verb::head;
    const bool known = request.target() == "/metrics";
    const bool allowed = head || request.method() == http::verb::get;
    http::response<http::string_body> response(!allowed ? http::status::method_not_allowed
                                               : known  ? http::status::ok
                                                        : http::status::not_found,
      request.version());
    response.set(http::field::content_type,
      known && allowed ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain");
    response.keep_alive(request.keep_alive());
    if (!allowed)
      response.set(http::field::allow, "GET, HEAD");
    else
      response.body() = known ? metrics() : "See /metrics\n";
    response.prepare_payload();
    if (head)
      response.body().clear();
    return response;
  }

  std::string metrics() {
    watched_.look();
    std::vector<process_status> all;
    for (const auto& [pid, process] : watched_.processes())
      all.push_back(process.now);
    return metrics_text(all, names_.of_task);
  }

  watched_list& watched_;
  symbols symbols_;
  const view_names names_;
  tcp::acceptor acceptor_;
  int open_ = 0;
};

} // namespace

int serve_metrics(watched_list& watched, int port) {
  asio::io_context io(1);
  metrics_server server(io, watched);
  try {
    server.listen(port);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error("port " + std::to_string(port) +
                             " cannot be had: " + e.code().message() + "; choose another");
  }
  int ended_by = 0;
  asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  signals.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error)
      return;
    ended_by = signal;
    io.stop();
  });
  std::cerr << "serving http://127.0.0.1:" << port << "/metrics\n";
  io.run();
  return 128 + ended_by;
}

} // namespace troupe_cli
