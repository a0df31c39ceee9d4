// The server of `troupe top` in this process: clients that misbehave, and events.
#include "loopback_client.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "top/loopback_server.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace troupe::test;
using namespace troupe_cli;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

web_reply answer(const web_request& request) {
  if (request.target == "/events")
    return {200, "text/event-stream", {}, {}, true};
  return {200, "text/plain", std::string(request.target) + " of " + std::string(request.host),
    {{"X-Test", "yes"}}};
}

// Runs until the end of the test.
class running_server {
public:
  explicit running_server(const loopback_limits& limits)
    : server_(0, &answer, limits) {}
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;
  ~running_server() {
    server_.stop();
    thread_.join();
  }

  // The events say the number of the call, and have as many bytes.
  void start(std::chrono::milliseconds interval, std::size_t bytes) {
    server_.send_events(interval, [this, bytes] {
      auto text = "#" + std::to_string(++calls_) + " ";
      return text.append(bytes, '.');
    });
    thread_ = std::thread([this] { server_.run(); });
  }
  int port() const { return server_.port(); }
  int calls() const { return calls_; }

private:
  std::atomic<int> calls_ = 0;
  loopback_server server_;
  std::thread thread_;
};

std::string status_of(int port, const std::string& target) {
  loopback_client client(port);
  client.ask(target);
  return client.read_until("\r\n");
}

// Of the next event.
int number_in(loopback_client& reader) {
  reader.read_until("data: #");
  const auto number = reader.read_until(" ");
  return number.empty() ? -1 : std::stoi(number);
}

} // namespace

TEST_CASE("a request is answered with what the server's owner says") {
  running_server server({4, 1});
  server.start(1ms, 10);
  const auto got = get(server.port(), "/a?b", "here");
  CHECK_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(got, Contains("X-Test: yes\r\n"));
  CHECK_THAT(got, Contains("\r\n\r\n/a?b of here"));
  const std::string close = "Connection: close\r\n\r\n";
  CHECK_THAT(answer_to(server.port(), "GET / HTTP/1.1\r\n" + close), Contains("\r\n\r\n/ of "));
  CHECK_THAT(
    answer_to(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n" + close),
    Catch::Matchers::EndsWith("\r\n\r\n/ of "));
  CHECK_THAT(answer_to(server.port(), "POST / HTTP/1.1\r\n" + close),
    StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK_THAT(answer_to(server.port(), "HEAD /events HTTP/1.1\r\n" + close),
    Contains("Content-Type: text/event-stream\r\n"));
}

TEST_CASE("readers share the calls, and there are none while nobody reads") {
  running_server server({8, 4});
  server.start(1ms, 10);
  for (int i = 0; i < 20; ++i)
    get(server.port(), "/");
  CHECK(server.calls() == 0);
  {
    loopback_client one(server.port());
    loopback_client other(server.port());
    REQUIRE(one.ask("/events"));
    REQUIRE(other.ask("/events"));
    const auto head = one.read_until("\r\n\r\n");
    CHECK_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
    CHECK_THAT(head, Contains("Content-Type: text/event-stream\r\n"));
    // Both come to have the same event, of one call.
    int number = number_in(one);
    int others = number_in(other);
    for (int i = 0; i < 10'000 && number != others; ++i)
      if (number < others)
        number = number_in(one);
      else
        others = number_in(other);
    CHECK(number == others);
    CHECK(number > 0);
  }
  // If the calls went on, at one in a millisecond, some would fall into so many connections.
  CHECK(eventually([&] {
    const int before = server.calls();
    for (int i = 0; i < 100; ++i)
      get(server.port(), "/");
    return server.calls() == before;
  }));
  loopback_client late(server.port());
  const int calls = server.calls();
  REQUIRE(late.ask("/events"));
  CHECK(number_in(late) == calls + 1); // nothing stale
}

TEST_CASE("a reader that stalls is hung up on, and holds up nobody") {
  running_server server({8, 2, 5s});
  server.start(20ms, 1'000'000); // more than the kernel keeps for it
  loopback_client stalled(server.port(), 4096);
  REQUIRE(stalled.ask("/events"));
  loopback_client reader(server.port());
  REQUIRE(reader.ask("/events"));
  const auto first = number_in(reader);
  REQUIRE(first > 0);
  std::atomic<bool> enough = false;
  std::atomic<int> latest = 0;
  std::thread reads([&] {
    while (!enough)
      latest = number_in(reader);
  });
  CHECK(eventually([&] { return latest > first + 3; }));
  // There are places for two readers, and one of them is free again only when the stalled one has been hung up on.
  CHECK(eventually([&] { return status_of(server.port(), "/events") == "HTTP/1.1 200 OK\r\n"; }));
  const int then = latest;
  CHECK(eventually([&] { return latest > then; }));
  enough = true;
  reads.join();
}

TEST_CASE("too many readers are refused, and too many connections hung up on") {
  running_server server({3, 1});
  server.start(1ms, 10);
  loopback_client first(server.port());
  REQUIRE(first.ask("/events"));
  REQUIRE(number_in(first) > 0);
  const auto refused = get(server.port(), "/events");
  CHECK_THAT(refused, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK_THAT(refused, Contains("Retry-After: 5\r\n"));
  CHECK_THAT(refused, Contains("\r\n\r\nToo many are reading already.\n"));
  CHECK(status_of(server.port(), "/") == "HTTP/1.1 200 OK\r\n");
  std::vector<loopback_client> silent;
  REQUIRE(eventually([&] { // those above are counted until the server has seen that they are gone
    silent.emplace_back(server.port());
    silent.back().send("GET / HTTP/1.1\r\n");
    return silent.size() >= 2 && get(server.port(), "/").empty();
  }));
  CHECK(number_in(first) > 0);
  silent.clear();
  CHECK(eventually([&] { return !get(server.port(), "/").empty(); }));
}

TEST_CASE("a client that does not ask is hung up on") {
  running_server server({1, 1, 200ms});
  server.start(1ms, 10);
  loopback_client silent(server.port());
  silent.send("GET / HTTP/1.1\r\n");
  CHECK(silent.read_all().empty());
}

TEST_CASE("a port that is taken is said") {
  const loopback_server server(0, &answer, {});
  CHECK_THROWS_WITH(loopback_server(server.port(), &answer, {}),
    "port " + std::to_string(server.port()) +
      " cannot be had: Address already in use; choose another");
}
