#include "top/loopback_server.hpp"

#include "top/web_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <csignal>
#include <exception>
#include <stdexcept>

namespace troupe_cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// What the kernel keeps of what a reader of events has not taken.
constexpr int send_buffer_bytes = 64 * 1024;

// Coroutines that wait until something happens.
class condition {
public:
  explicit condition(asio::io_context& io)
    : timer_(io, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait() {
    error_code woken;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  void happened() { timer_.cancel(); }

private:
  asio::steady_timer timer_;
};

// Counts one more while it lives.
class one_of {
public:
  explicit one_of(int& count)
    : count_(count) {
    ++count_;
  }
  one_of(const one_of&) = delete;
  one_of& operator=(const one_of&) = delete;
  ~one_of() { --count_; }

private:
  int& count_;
};

asio::awaitable<std::string> call(const std::function<std::string()>& make) {
  co_return make();
}

} // namespace

struct loopback_server::state {
  state(answer_function with, const loopback_limits& within)
    : answer(std::move(with))
    , limits(within) {}

  // Coroutines that are destroyed with `io` still count in these.
  const answer_function answer;
  const loopback_limits limits;
  int open = 0;
  int readers = 0;
  std::function<std::string()> make;
  std::shared_ptr<const std::string> event; // the latest; null while nobody reads
  std::uint64_t event_number = 0;

  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  condition came{io}; // a reader
  condition made{io}; // an event
  std::unique_ptr<asio::thread_pool> maker;

  // -- connections ------------------------------------------------------------------------------------

  void listen(int port) {
    const tcp::endpoint place(asio::ip::address_v4::loopback(), static_cast<unsigned short>(port));
    acceptor.open(place.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(place);
    acceptor.listen();
    asio::co_spawn(io, accept(), asio::detached);
  }

  asio::awaitable<void> accept() {
    for (;;) {
      error_code error;
      auto socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) { // there is no descriptor for it at present
        asio::steady_timer pause(io, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::use_awaitable);
        continue;
      }
      if (open == limits.connections)
        continue; // hung up on
      // Whatever goes wrong with it is that connection's affair.
      asio::co_spawn(io, serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> serve(beast::tcp_stream stream) {
    const one_of connections(open);
    beast::flat_buffer buffer;
    for (bool keep = true; keep;) {
      stream.expires_after(limits.patience);
      http::request_parser<http::empty_body> parser;
      parser.header_limit(8 * 1024);
      co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
      bool with_events = false;
      auto response = respond(parser.get(), with_events);
      keep = response.keep_alive();
      stream.expires_after(limits.patience);
      if (with_events)
        co_return co_await send_events_to(stream, response.base());
      co_await http::async_write(stream, response, asio::use_awaitable);
    }
  }

  http::response<http::string_body> respond(
    const http::request<http::empty_body>& request, bool& with_events) {
    const bool head = request.method() == http::verb::head;
    auto reply = head || request.method() == http::verb::get
                   ? answer_to(request)
                   : web_reply{405, "text/plain", {}, {{"Allow", "GET, HEAD"}}};
    if (reply.events && readers >= limits.readers)
      reply = {503, "text/plain", "Too many are reading already.\n", {{"Retry-After", "5"}}};
    http::response<http::string_body> response(
      static_cast<http::status>(reply.status), request.version());
    response.set(http::field::content_type, reply.type);
    for (const auto& [name, value] : reply.headers)
      response.set(name, value);
    response.keep_alive(request.keep_alive() && !reply.events);
    if (!reply.events) {
      response.body() = std::move(reply.body);
      response.prepare_payload();
    }
    if (head)
      response.body().clear();
    with_events = reply.events && !head;
    return response;
  }

  web_reply answer_to(const http::request<http::empty_body>& request) const {
    const auto target = request.target();
    const auto host = request[http::field::host];
    const bool one_host = request.count(http::field::host) == 1;
    return answer({{target.data(), target.size()},
      one_host ? std::string_view(host.data(), host.size()) : std::string_view()});
  }

  // -- events -----------------------------------------------------------------------------------------

  // What is on its way to a reader is all that is kept for it.
  asio::awaitable<void> send_events_to(beast::tcp_stream& stream, http::response_header<> header) {
    const one_of reading(readers);
    error_code ignored;
    stream.socket().set_option(asio::socket_base::send_buffer_size(send_buffer_bytes), ignored);
    http::response<http::empty_body> response(std::move(header));
    http::response_serializer<http::empty_body> serializer(response);
    co_await http::async_write_header(stream, serializer, asio::use_awaitable);
    came.happened();
    for (std::uint64_t sent = 0;;) {
      while (!event || sent == event_number)
        co_await made.wait();
      sent = event_number;
      const auto text = event;
      stream.expires_after(limits.patience);
      co_await asio::async_write(stream, asio::buffer(*text), asio::use_awaitable);
    }
  }

  asio::awaitable<void> make_events(std::chrono::milliseconds interval) {
    asio::steady_timer next(io);
    for (;;) {
      while (readers == 0) {
        event = nullptr; // whoever comes next wants to know what is then
        co_await came.wait();
      }
      next.expires_after(interval);
      try {
        auto text = co_await asio::co_spawn(maker->get_executor(), call(make), asio::use_awaitable);
        event = std::make_shared<const std::string>(event_text(text));
        ++event_number;
        made.happened();
      } catch (const std::exception&) {
        // It may be another time.
      }
      co_await next.async_wait(asio::use_awaitable);
    }
  }
};

loopback_server::loopback_server(int port, answer_function answer, const loopback_limits& limits)
  : state_(std::make_unique<state>(std::move(answer), limits)) {
  try {
    state_->listen(port);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error("port " + std::to_string(port) +
                             " cannot be had: " + e.code().message() + "; choose another");
  }
}

loopback_server::~loopback_server() = default;

int loopback_server::port() const {
  return state_->acceptor.local_endpoint().port();
}

void loopback_server::send_events(
  std::chrono::milliseconds interval, std::function<std::string()> make) {
  state_->make = std::move(make);
  state_->maker = std::make_unique<asio::thread_pool>(1);
  asio::co_spawn(state_->io, state_->make_events(interval), asio::detached);
}

void loopback_server::run() {
  state_->io.run();
}

void loopback_server::stop() {
  state_->io.stop();
}

int loopback_server::run_until_signal() {
  int ended_by = 0;
  asio::signal_set signals(state_->io, SIGINT, SIGTERM, SIGHUP);
  signals.async_wait([&](const error_code& error, int signal) {
    if (error)
      return;
    ended_by = signal;
    stop();
  });
  run();
  return 128 + ended_by;
}

} // namespace troupe_cli
