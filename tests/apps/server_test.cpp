#include "bookshop/pages.hpp"
#include "bookshop/server_thread.hpp"

#include "support/catch.hpp"
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// One connection, used request by request.
class connection {
public:
  explicit connection(std::uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
  }

  http::response<http::string_body> ask(
    const std::string& target, http::verb verb = http::verb::get) {
    http::request<http::empty_body> request{verb, target, 11};
    request.set(http::field::host, "127.0.0.1");
    http::write(socket_, request);
    http::response_parser<http::string_body> parser;
    parser.skip(verb == http::verb::head);
    http::read(socket_, unread_, parser);
    return parser.release();
  }

  void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }

  // True if the server closes the connection.
  bool at_end() {
    char byte = 0;
    boost::system::error_code error;
    socket_.read_some(asio::buffer(&byte, 1), error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

private:
  asio::io_context context_;
  asio::ip::tcp::socket socket_{context_};
  boost::beast::flat_buffer unread_;
};

} // namespace

TEST_CASE("the shop serves all of its pages over one kept-alive connection") {
  const auto catalogue = bookshop::make_catalogue();
  const bookshop::server_thread shop;
  connection client(shop.port());
  for (std::size_t n = 1; n <= bookshop::page_count; ++n) {
    const auto reply = client.ask("/catalogue/page-" + std::to_string(n) + ".html");
    REQUIRE(reply.result() == http::status::ok);
    REQUIRE(reply.body() == bookshop::list_page(catalogue, n, ""));
  }
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    const auto reply = client.ask("/catalogue/" + bookshop::detail_path(catalogue, i));
    REQUIRE(reply.result() == http::status::ok);
    REQUIRE(reply.body() == bookshop::detail_page(catalogue, i));
  }
  CHECK(client.ask("/catalogue.csv").body() == bookshop::catalogue_csv(catalogue));
  CHECK(client.ask("/").body() == bookshop::list_page(catalogue, 1, "catalogue/"));
}

TEST_CASE("the shop answers what it does not have, and what it does not do") {
  const bookshop::server_thread shop;
  connection client(shop.port());
  CHECK(client.ask("/catalogue/page-51.html").result() == http::status::not_found);
  CHECK(client.ask("/", http::verb::post).result() == http::status::method_not_allowed);
  const auto head = client.ask("/catalogue.csv", http::verb::head);
  CHECK(head.result() == http::status::ok);
  CHECK(head.body().empty());
  CHECK(std::stoul(head[http::field::content_length]) > 100'000);
  CHECK(client.ask("/").result() == http::status::ok);
}

TEST_CASE("the shop hangs up on what is not HTTP") {
  const bookshop::server_thread shop;
  connection client(shop.port());
  client.send("how much is the fish?\r\n\r\n");
  CHECK(client.at_end());
  CHECK(connection(shop.port()).ask("/").result() == http::status::ok);
}

TEST_CASE("the shop keeps hundreds of connections") {
  const bookshop::server_thread shop;
  std::vector<std::unique_ptr<connection>> clients;
  for (int i = 0; i < 300; ++i)
    clients.push_back(std::make_unique<connection>(shop.port()));
  for (int round = 0; round < 2; ++round)
    for (const auto& client : clients)
      REQUIRE(client->ask("/").result() == http::status::ok);
}
