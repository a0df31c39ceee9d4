#include "server.hpp"

#include "catalogue.hpp"
#include "pages.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <csignal>
#include <memory>

namespace bookshop {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

// A client that neither asks nor leaves is not kept for longer.
constexpr auto idle_timeout = 120s;
// For when the process is out of file descriptors.
constexpr auto accept_retry_delay = 50ms;

struct shop {
  site pages = render_site(make_catalogue());
  milliseconds latency;
};

// The bodies are the shop's own pages and not copied.
using request = http::request<http::empty_body>;
using response = http::response<http::span_body<const char>>;

response answer(const shop& shop, const request& asked) {
  static constexpr std::string_view not_found = "<!DOCTYPE html><title>Not found</title>\n";
  static constexpr std::string_view not_allowed = "<!DOCTYPE html><title>Not allowed</title>\n";
  response reply{http::status::ok, asked.version()};
  std::string_view body;
  std::string_view type = "text/html; charset=utf-8";
  if (asked.method() != http::verb::get && asked.method() != http::verb::head) {
    reply.result(http::status::method_not_allowed);
    reply.set(http::field::allow, "GET, HEAD");
    body = not_allowed;
  } else if (const auto found = shop.pages.find(std::string(asked.target()));
             found != shop.pages.end()) {
    body = found->second.body;
    type = found->second.content_type;
  } else {
    reply.result(http::status::not_found);
    body = not_found;
  }
  reply.set(http::field::server, "bookshop");
  reply.set(http::field::content_type, {type.data(), type.size()});
  reply.content_length(body.size());
  reply.keep_alive(asked.keep_alive());
  if (asked.method() != http::verb::head)
    reply.body() = {body.data(), body.size()};
  return reply;
}

// Until the client leaves, says something that is not HTTP, or falls silent. None of that is worth
// more than the end of the connection.
asio::awaitable<void> serve_client(std::shared_ptr<const shop> shop, asio::ip::tcp::socket socket) {
  error_code error;
  const auto token = [&error] { return asio::redirect_error(asio::use_awaitable, error); };
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  beast::tcp_stream client(std::move(socket));
  asio::steady_timer latency(client.get_executor());
  beast::flat_buffer unread;
  for (bool keep_alive = true; keep_alive;) {
    request asked;
    client.expires_after(idle_timeout);
    co_await http::async_read(client, unread, asked, token());
    if (error)
      break;
    if (shop->latency > 0ms) {
      latency.expires_after(shop->latency);
      co_await latency.async_wait(token());
    }
    const auto reply = answer(*shop, asked);
    http::response_serializer<http::span_body<const char>> serializer(reply);
    co_await http::async_write(client, serializer, token());
    keep_alive = !error && reply.keep_alive();
  }
  client.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
}

asio::awaitable<void> accept_clients(
  std::shared_ptr<const shop> shop, asio::ip::tcp::acceptor acceptor) {
  asio::steady_timer delay(acceptor.get_executor());
  for (;;) {
    error_code error;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      delay.expires_after(accept_retry_delay);
      co_await delay.async_wait(asio::use_awaitable);
    } else {
      co_spawn(acceptor.get_executor(), serve_client(shop, std::move(socket)), asio::detached);
    }
  }
}

} // namespace

server::server(asio::io_context& context, const server_options& options) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options.port);
  asio::ip::tcp::acceptor acceptor(context, endpoint);
  port_ = acceptor.local_endpoint().port();
  auto opened = std::make_shared<shop>();
  opened->latency = options.latency;
  co_spawn(context, accept_clients(std::move(opened), std::move(acceptor)), asio::detached);
}

void serve_until_signal(
  const server_options& options, const std::function<void(std::uint16_t)>& listening) {
  asio::io_context context(1);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, int) { context.stop(); });
  const server shop(context, options);
  listening(shop.port());
  context.run();
}

} // namespace bookshop
