#include "books/http_client.hpp"
#include "bookshop/server_thread.hpp"

#include "support/catch.hpp"
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// A server that does as told to each of its clients in turn.
class fake_server {
public:
  using behaviour = std::function<void(tcp::socket&)>;

  explicit fake_server(std::vector<behaviour> clients)
    : thread_([this, clients = std::move(clients)] {
      for (const auto& serve : clients) {
        auto socket = acceptor_.accept();
        serve(socket);
      }
    }) {}
  ~fake_server() { thread_.join(); }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

private:
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::thread thread_;
};

void read_request(tcp::socket& socket) {
  std::string text;
  asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n");
}

void answer(tcp::socket& socket, const std::string& text) {
  read_request(socket);
  asio::write(socket, asio::buffer(text));
}

// Until the client hangs up.
void wait_for_end(tcp::socket& socket) {
  char byte = 0;
  boost::system::error_code error;
  while (!error)
    socket.read_some(asio::buffer(&byte, 1), error);
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string get(asio::io_context& context, books::http_client& client, const std::string& url) {
  auto result = asio::co_spawn(context, client.get(url), asio::use_future);
  context.restart();
  context.run();
  return result.get();
}

} // namespace

TEST_CASE("a client loads pages at the same time, and waits where connections are fewer") {
  const bookshop::server_thread shop({.latency = 1ms});
  asio::io_context context(1);
  books::http_client client(context.get_executor(), shop.url(), 3, 10s);
  std::vector<std::future<std::string>> pages;
  for (int i = 0; i < 20; ++i)
    pages.push_back(
      asio::co_spawn(context, client.get(shop.url() + "catalogue/page-7.html"), asio::use_future));
  context.run();
  for (auto& page : pages)
    CHECK(page.get().find("Page 7 of 50") != std::string::npos);
}

TEST_CASE("a page that is not there is an error that names the URL, and the connection goes on") {
  const bookshop::server_thread shop;
  asio::io_context context(1);
  books::http_client client(context.get_executor(), shop.url(), 1, 10s);
  CHECK_THROWS_WITH(get(context, client, shop.url() + "none"),
    Catch::Equals(shop.url() + "none: HTTP status 404 Not Found"));
  CHECK_FALSE(get(context, client, shop.url()).empty());
}

TEST_CASE("a kept-alive connection that the server has closed is replaced, once") {
  fake_server server({[](tcp::socket& s) { answer(s, ok); }, [](tcp::socket& s) { answer(s, ok); },
    [](tcp::socket& s) { read_request(s); }});
  asio::io_context context(1);
  books::http_client client(context.get_executor(), server.url(), 1, 10s);
  CHECK(get(context, client, server.url()) == "ok");
  CHECK(get(context, client, server.url()) == "ok");
  CHECK_THROWS_WITH(get(context, client, server.url()), Catch::StartsWith(server.url() + ": "));
}

TEST_CASE("a new connection that ends without an answer is an error at once") {
  fake_server server({[](tcp::socket& s) { read_request(s); }});
  asio::io_context context(1);
  books::http_client client(context.get_executor(), server.url(), 1, 10s);
  CHECK_THROWS_WITH(
    get(context, client, server.url()), Catch::Equals(server.url() + ": end of stream"));
}

TEST_CASE("an answer that breaks off is an error and is not asked for again") {
  const auto half = ok.substr(0, ok.size() - 1);
  fake_server server({[&](tcp::socket& s) {
    answer(s, ok);
    answer(s, half);
  }});
  asio::io_context context(1);
  books::http_client client(context.get_executor(), server.url(), 1, 10s);
  CHECK(get(context, client, server.url()) == "ok");
  CHECK_THROWS_WITH(
    get(context, client, server.url()), Catch::Equals(server.url() + ": partial message"));
}

TEST_CASE("a server that wants to close the connection gets a new one for the next page") {
  const std::string last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
  const auto serve = [&](tcp::socket& s) {
    answer(s, last);
    wait_for_end(s);
  };
  fake_server server({serve, serve});
  asio::io_context context(1);
  books::http_client client(context.get_executor(), server.url(), 1, 10s);
  CHECK(get(context, client, server.url()) == "ok");
  CHECK(get(context, client, server.url()) == "ok");
}

TEST_CASE("a server that does not answer in time is an error") {
  fake_server server({wait_for_end});
  asio::io_context context(1);
  books::http_client client(context.get_executor(), server.url(), 1, 20ms);
  CHECK_THROWS_WITH(
    get(context, client, server.url()), Catch::Equals(server.url() + ": no answer within 20 ms"));
}

TEST_CASE("a client asks its own server only") {
  const bookshop::server_thread shop;
  asio::io_context context(1);
  books::http_client client(context.get_executor(), shop.url(), 1, 10s);
  CHECK_THROWS_WITH(get(context, client, "http://elsewhere/x"),
    Catch::StartsWith("http://elsewhere/x: is not on 127.0.0.1:"));
}

TEST_CASE("a server that is not there is an error that names the URL") {
  std::string url;
  {
    const fake_server gone({});
    url = gone.url();
  }
  asio::io_context context(1);
  CHECK_THROWS_WITH(books::http_client(context.get_executor(), url, 1, 10s),
    Catch::Equals(url + ": Connection refused"));
}
