#include "http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>

#include <stdexcept>
#include <utility>

namespace books {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t max_page_bytes = std::size_t{8} << 20;

[[noreturn]] void fail(const std::string& url, const std::string& problem) {
  throw std::runtime_error(url + ": " + problem);
}

http::request<http::empty_body> make_request(const http_url& url) {
  http::request<http::empty_body> request{http::verb::get, url.target, 11};
  request.set(http::field::host, url.authority);
  request.set(http::field::user_agent, "troupe-books");
  request.set(http::field::accept, "text/html");
  return request;
}

// How a connection ends that the server closed while it was idle.
bool is_stale(const error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::connection_aborted;
}

} // namespace

struct http_client::answer {
  error_code error;
  bool begun = false; // the server has said something
  http::response<http::string_body> response;
};

// Borrows a connection. One that was not used to the end of an answer is in an unknown state, and
// closed.
class http_client::lease {
public:
  lease(http_client& from, connection* borrowed)
    : from_(from)
    , borrowed_(borrowed) {}
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  ~lease() {
    if (!reusable_)
      close();
    from_.idle_.try_send(error_code(), borrowed_);
  }

  connection& get() { return *borrowed_; }
  void keep() { reusable_ = true; }
  void close() {
    borrowed_->stream.close();
    borrowed_->unread.clear();
    borrowed_->open = borrowed_->used = false;
  }

private:
  http_client& from_;
  connection* borrowed_;
  bool reusable_ = false;
};

http_client::http_client(asio::any_io_executor executor, const std::string& base_url,
  std::size_t connections, milliseconds timeout)
  : origin_(parse_http_url(base_url))
  , timeout_(timeout)
  , idle_(executor, connections) {
  error_code error;
  asio::ip::tcp::resolver resolver(executor);
  endpoints_ = resolver.resolve(origin_.host, origin_.port, error);
  if (error)
    fail(base_url, error.message());
  for (std::size_t i = 0; i < connections; ++i) {
    auto& made = connections_.emplace_back(new connection{beast::tcp_stream(executor)});
    made->stream.connect(endpoints_, error);
    if (error)
      fail(base_url, error.message());
    made->stream.socket().set_option(asio::ip::tcp::no_delay(true));
    made->open = true;
    idle_.try_send(error_code(), made.get());
  }
}

asio::awaitable<void> http_client::open(connection& to) {
  co_await to.stream.async_connect(endpoints_, asio::use_awaitable);
  to.stream.socket().set_option(asio::ip::tcp::no_delay(true));
  to.open = true;
}

asio::awaitable<http_client::answer> http_client::ask(connection& to, const http_url& url) {
  answer got;
  const auto request = make_request(url);
  co_await http::async_write(
    to.stream, request, asio::redirect_error(asio::use_awaitable, got.error));
  if (got.error)
    co_return got;
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_page_bytes);
  co_await http::async_read(
    to.stream, to.unread, parser, asio::redirect_error(asio::use_awaitable, got.error));
  got.begun = parser.got_some();
  if (!got.error)
    got.response = parser.release();
  co_return got;
}

asio::awaitable<std::string> http_client::get(std::string url) {
  const auto parsed = parse_http_url(url);
  if (parsed.host != origin_.host || parsed.port != origin_.port)
    fail(url, "is not on " + origin_.authority);
  lease held(*this, co_await idle_.async_receive(asio::use_awaitable));
  auto& to = held.get();
  answer got;
  try {
    to.stream.expires_after(timeout_);
    if (!to.open)
      co_await open(to);
    got = co_await ask(to, parsed);
    if (to.used && !got.begun && is_stale(got.error)) {
      held.close();
      co_await open(to);
      got = co_await ask(to, parsed);
    }
  } catch (const boost::system::system_error& e) {
    got.error = e.code();
  }
  if (got.error == beast::error::timeout)
    fail(url, "no answer within " + std::to_string(timeout_.count()) + " ms");
  if (got.error)
    fail(url, got.error.message());
  to.used = true;
  to.stream.expires_never();
  if (got.response.keep_alive())
    held.keep();
  if (got.response.result() != http::status::ok)
    fail(url, "HTTP status " + std::to_string(got.response.result_int()) + " " +
                std::string(got.response.reason()));
  co_return std::move(got.response.body());
}

} // namespace books
