// The stream of events that a watcher gets.
#include "base/limits.hpp"
#include "monitor/event_streams.hpp"
#include "monitor/messages.hpp"
#include "monitor/runtime_directory.hpp"
#include "monitor/watcher.hpp"
#include "monitor/watcher_client.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/test_runtime.hpp"

#include <troupe/control.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr const char* ask_trace = R"({"ask": "trace"})";

void fail(std::string text) {
  throw std::out_of_range(text);
}

task_options named(std::string name) {
  task_options options;
  options.name = std::move(name);
  return options;
}

// What is between the key and the next comma or brace.
std::string value_of(const std::string& line, const std::string& key) {
  const auto at = line.find("\"" + key + "\":");
  if (at == std::string::npos)
    return {};
  const auto begin = at + key.size() + 3;
  return line.substr(begin, line.find_first_of(",}", begin) - begin);
}

std::uint64_t number_of(const std::string& line, const std::string& key) {
  const auto value = value_of(line, key);
  return value.empty() ? 0 : std::stoull(value);
}

// The next line with that in it.
std::string line_with(watcher_client& client, const std::string& text) {
  for (;;) {
    auto line = client.line();
    REQUIRE_FALSE(line.empty());
    if (line.find(text) != std::string::npos)
      return line;
  }
}

// A watcher in this process, and its other end.
struct pair_of_sockets {
  pair_of_sockets() {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    other.reset(ends[0]);
    one = monitor::watcher::start(
      io, base::unique_fd(ends[1]), [](const auto&, std::string_view) {}, [] {});
  }
  ~pair_of_sockets() { one->close(); }

  // What has come by the time that nothing more is to be done.
  std::string read_all() {
    std::string got;
    for (;;) {
      io.restart();
      io.poll();
      char buffer[64 * 1024];
      const auto count = ::recv(other.get(), buffer, sizeof buffer, 0);
      if (count <= 0)
        return got;
      got.append(buffer, static_cast<std::size_t>(count));
    }
  }

  boost::asio::io_context io;
  base::unique_fd other;
  std::shared_ptr<monitor::watcher> one;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

} // namespace

TEST_CASE("a watcher is told of each task, of what became of it, and of children") {
  pool pool(rt(), {.processes = 1, .name = "told"});
  pool.apply(square, 1).get();
  const auto first = pool.stats().children.at(0).pid;
  watcher_client client(own_socket());
  const auto head = client.ask(ask_trace);
  CHECK_THAT(head, StartsWith("{\"troupe\":1,\"trace\":true,\"pid\":" + std::to_string(::getpid()) +
                              ",\"program\":\"test_monitor\",\"steady\":"));
  const auto steady = number_of(head, "steady");
  CHECK(number_of(head, "wall") > 1'700'000'000'000'000);

  pool.apply(named("resize"), square, 2).get();
  const auto done = line_with(client, "\"name\":\"resize\"");
  CHECK_THAT(done, StartsWith("{\"event\":\"task\",\"pool\":\""));
  CHECK_THAT(done, Contains("\"pool_name\":\"told\""));
  CHECK_THAT(done, Contains("\"items\":1,\"failed\":0,\"attempt\":1,\"end\":\"value\",\"slot\":0,"
                            "\"pid\":" +
                            std::to_string(first) + ",\"began\":"));
  CHECK(number_of(done, "began") >= steady);

  CHECK_THROWS(pool.apply(named("no\x1b \"page"), fail, "x").get());
  const auto failed = line_with(client, "\"end\":\"threw\"");
  CHECK_THAT(failed, Contains("\"name\":\"no\\\\x1b \\\"page\""));
  CHECK_THAT(failed, Contains("\"type\":\"std::out_of_range\""));

  CHECK_THROWS(pool.apply(std::abort).get());
  CHECK_THAT(line_with(client, "\"event\":\"module\""), Contains("\"file\":\""));
  const auto lost = line_with(client, "\"end\":\"lost\"");
  CHECK_THAT(lost, Contains("\"function\":["));
  CHECK_THAT(lost, Contains("\"signal\":6"));
  const auto died = line_with(client, "\"event\":\"child_ended\"");
  CHECK_THAT(
    died, Contains("\"slot\":0,\"pid\":" + std::to_string(first) + ",\"died\":true,\"signal\":6"));
  CHECK_THAT(line_with(client, "\"event\":\"child_started\""), Contains("\"slot\":0,\"pid\":"));
}

TEST_CASE("pools that are made later are in the stream, and none of what was before it") {
  {
    pool early(rt(), {.processes = 1, .name = "early"});
    early.apply(named("unseen"), square, 1).get();
  }
  watcher_client client(own_socket());
  client.ask(ask_trace);
  pool late(rt(), {.processes = 1, .name = "late"});
  late.apply(named("seen"), square, 1).get();
  for (std::string line; line.find("\"name\":\"seen\"") == std::string::npos;) {
    line = client.line();
    CHECK(line.find("unseen") == std::string::npos);
    REQUIRE_FALSE(line.empty());
  }
}

TEST_CASE("a watcher that stalls holds up nobody, and is told how many events it has missed") {
  constexpr std::size_t tasks = 30'000;
  pool pool(rt(), {.processes = 2, .name = "stalled"});
  watcher_client client(own_socket());
  client.ask(ask_trace);
  std::vector<task_future<int>> all;
  for (std::size_t i = 0; i < tasks; ++i)
    all.push_back(pool.apply(named("a task with a name that takes some room in each line of it"),
      square, static_cast<int>(i % 100)));
  for (auto& one : all)
    one.get();
  all.clear();
  pool.apply(named("the last"), square, 1).get();
  std::size_t told = 0;
  std::size_t missed = 0;
  while (told + missed < tasks + 1) {
    const auto line = client.line();
    REQUIRE_FALSE(line.empty());
    if (line.starts_with("{\"event\":\"task\""))
      ++told;
    else if (line.starts_with("{\"event\":\"missed\""))
      missed += number_of(line, "events");
  }
  CHECK(told + missed == tasks + 1);
  CHECK(missed > 0);
  CHECK(told > 1'000);
  pool.apply(named("after that"), square, 1).get(); // it goes on
  line_with(client, "\"name\":\"after that\"");
}

TEST_CASE("where lines were left out, that is said in their place") {
  pair_of_sockets sockets;
  sockets.one->begin_stream("first\n");
  CHECK(sockets.read_all() == "first\n");
  sockets.one->missed();
  sockets.one->missed();
  sockets.one->stream("second\n");
  sockets.one->missed();
  CHECK(sockets.read_all() == "{\"event\":\"missed\",\"events\":2}\nsecond\n"
                              "{\"event\":\"missed\",\"events\":1}\n");
}

TEST_CASE("what waits for a watcher is bounded, and all of it comes when it reads") {
  pair_of_sockets sockets;
  sockets.one->begin_stream({});
  const std::string line(1'023, 'x');
  std::size_t sent = 0;
  std::size_t in_turn = 0;
  for (; sockets.one->has_room() && sent < 10'000; ++sent) {
    sockets.one->stream(line + '\n');
    if (++in_turn == 100) { // the socket takes some, and then no more
      sockets.io.poll();
      in_turn = 0;
    }
  }
  CHECK(sent * 1'024 < 2 * limits::max_stream_bytes + 1'024 * 1'024);
  CHECK(lines_of(sockets.read_all()).size() == sent);
  CHECK(sockets.one->has_room());
}

TEST_CASE("a stream that comes to its end says so, with what was missed") {
  pair_of_sockets sockets;
  sockets.one->begin_stream("first\n");
  sockets.one->stream("second\n");
  sockets.one->missed();
  sockets.one->close();
  CHECK(sockets.read_all() ==
        "first\nsecond\n{\"event\":\"missed\",\"events\":1}\n{\"event\":\"end\"}\n");
}

TEST_CASE("what is sent already when a stream ends is not sent again") {
  pair_of_sockets sockets;
  sockets.one->begin_stream("first\n");
  char buffer[64];
  ssize_t count = -1;
  while (count < 0) { // it is closed at the first moment at which it has sent the line
    REQUIRE(sockets.io.run_one_for(60s) > 0);
    count = ::recv(sockets.other.get(), buffer, sizeof buffer, 0);
  }
  sockets.one->close();
  CHECK(std::string(buffer, static_cast<std::size_t>(count)) + sockets.read_all() ==
        "first\n{\"event\":\"end\"}\n");
}

TEST_CASE("a watcher that says anything more, or hangs up, ends its stream") {
  pair_of_sockets sockets;
  sockets.one->begin_stream("first\n");
  SECTION("says") {
    REQUIRE(::send(sockets.other.get(), "x", 1, MSG_NOSIGNAL) == 1);
  }
  SECTION("hangs up") {
    sockets.other.reset();
  }
  while (sockets.one->is_open())
    REQUIRE(sockets.io.run_one_for(60s) > 0);
  CHECK_FALSE(sockets.one->is_open());
}

TEST_CASE("pools are asked for events only while somebody has a stream") {
  parent::event_tap tap;
  monitor::event_streams streams(tap);
  CHECK_FALSE(tap.is_open());
  pair_of_sockets first;
  pair_of_sockets second;
  for (auto* const each : {&first, &second}) {
    each->one->begin_stream({});
    streams.add(each->one);
  }
  CHECK(tap.is_open());
  tap.listener()->task_ended(1, "web", {.pool = {}, .id = 3, .name = "resize"});
  for (auto* const each : {&first, &second})
    CHECK_THAT(each->read_all(), Contains("\"pool\":\"1\",\"pool_name\":\"web\",\"id\":3,"));
  tap.listener()->event_missed();
  first.one->close();
  streams.forget_closed();
  CHECK(tap.is_open());
  CHECK(second.read_all() == "{\"event\":\"missed\",\"events\":1}\n");
  second.one->close();
  streams.forget_closed();
  CHECK_FALSE(tap.is_open());
  CHECK(tap.listener() == nullptr);
}

TEST_CASE("a process that ends in order ends its streams") {
  piped_program program(WATCHED_PROGRAM, {"watched_program"});
  program.read_until("ready\n");
  watcher_client client(
    runtime_directory() + "/troupe/" + std::to_string(program.pid()) + "-watched_program.sock");
  client.ask(ask_trace);
  program.close_input();
  line_with(client, "{\"event\":\"end\"}");
  CHECK(client.line().empty());
  CHECK(program.wait() == 0);
}
