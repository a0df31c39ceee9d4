// `troupe top --dashboard` as a program, over HTTP. It watches this test, or `troupe each`.
#include "dashboard_program.hpp"
#include "loopback_client.hpp"
#include "monitor/runtime_directory.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/control.hpp>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// It waits for its inputs.
const std::vector<std::string> watched_each{
  "env", "TROUPE_CONTROL=1", TROUPE_COMMAND, "each", "--", "true"};

void fail_with(std::string text) {
  throw std::runtime_error(text);
}

std::string own_pid() {
  return std::to_string(::getpid());
}

bool is_watched(pid_t pid) {
  const auto all = troupe::watched_processes();
  return std::ranges::find(all, pid, &troupe::watched_process::pid) != all.end();
}

// Reads events until one has the text; empty if none comes.
std::string event_with(loopback_client& reader, const std::string& text) {
  std::string event;
  do
    event = reader.read_until("\n\n");
  while (!event.empty() && event.find(text) == std::string::npos);
  return event;
}

} // namespace

TEST_CASE("the dashboard shows what a process does, to whoever has its address") {
  troupe::pool pool(rt(), {.processes = 2, .name = "on-page"});
  CHECK_THROWS(pool.apply(fail_with, "no <b>such</b> page").get());
  dashboard_program dashboard(own_pid());
  const auto page = get(dashboard.port(), dashboard.page());
  CHECK_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(page, Contains("Content-Security-Policy: default-src 'none';"));
  CHECK_THAT(page, Contains("<!DOCTYPE html>"));
  loopback_client stalled(dashboard.port(), 4096);
  REQUIRE(stalled.ask(dashboard.events()));
  loopback_client reader(dashboard.port());
  REQUIRE(reader.ask(dashboard.events()));
  const auto head = reader.read_until("\r\n\r\n");
  CHECK_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(head, Contains("Content-Type: text/event-stream\r\n"));
  const auto event = event_with(reader, "\"name\":\"on-page\"");
  CHECK_THAT(
    event, StartsWith("data: {\"problem\":\"\",\"processes\":[{\"pid\":" + own_pid() + ","));
  CHECK_THAT(event, Contains("\"task\":\""
                             "(anonymous namespace)::fail_with"));
  CHECK_THAT(
    event, Contains("\"type\":\"std::runtime_error\",\"message\":\"no <b>such</b> page\""));
  CHECK_THAT(event, Contains("fail_with"));
  pool.apply(square, 3).get();
  CHECK_FALSE(event_with(reader, "\"summary\":\"1 done, 1 failed, 0 left\"").empty());
}

TEST_CASE("whoever has not the token, or comes by another name, gets nothing of it") {
  troupe::pool pool(rt(), {.processes = 1, .name = "secret"});
  dashboard_program dashboard(own_pid());
  const auto port = dashboard.port();
  const auto wrong = get(port, "/?token=00000000000000000000000000000000");
  CHECK_THAT(wrong, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  CHECK_THAT(wrong, Contains("\r\n\r\nThere is nothing here.\n"));
  CHECK(get(port, "/") == wrong);
  CHECK(get(port, "/events?token=1") == wrong);
  CHECK_THAT(get(port, dashboard.page(), "example.org:" + std::to_string(port)),
    StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  CHECK_THAT(
    get(port, dashboard.events(), "example.org"), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  CHECK_THAT(answer_to(port, "POST " + dashboard.page() +
                               " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  dashboard_program another(own_pid());
  CHECK(another.page() != dashboard.page());
  CHECK(get(another.port(), dashboard.page()) == wrong);
}

TEST_CASE("a signal ends the dashboard, also while pages are open") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP);
  troupe::pool pool(rt(), {.processes = 1, .name = "signalled-page"});
  dashboard_program dashboard(own_pid());
  loopback_client reader(dashboard.port());
  REQUIRE(reader.ask(dashboard.events()));
  REQUIRE_FALSE(event_with(reader, "signalled-page").empty());
  ::kill(dashboard.program().pid(), number);
  const int status = dashboard.program().wait();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + number);
  reader.read_all(); // it comes to an end
}

TEST_CASE("a process that ends is said to have ended, with what it said last") {
  piped_program each("/usr/bin/env", watched_each);
  REQUIRE(eventually([&] { return is_watched(each.pid()); }));
  const auto pid = std::to_string(each.pid());
  dashboard_program dashboard(pid);
  loopback_client reader(dashboard.port());
  REQUIRE(reader.ask(dashboard.events()));
  REQUIRE_FALSE(event_with(reader, "\"absence\":\"\"").empty());
  each.close_input();
  each.wait();
  const auto event = event_with(reader, "\"absence\":\"has ended; it was seen last ");
  CHECK_THAT(event, Contains("{\"pid\":" + pid + ","));
}

TEST_CASE("a process that has ended before anybody looked is shown as well") {
  piped_program each("/usr/bin/env", watched_each);
  REQUIRE(eventually([&] { return is_watched(each.pid()); }));
  const auto pid = std::to_string(each.pid());
  dashboard_program dashboard(pid);
  each.close_input();
  each.wait();
  loopback_client reader(dashboard.port());
  REQUIRE(reader.ask(dashboard.events()));
  const auto event = event_with(reader, "data: ");
  CHECK_THAT(event, Contains("{\"pid\":" + pid + ","));
  CHECK_THAT(event, Contains("\"absence\":\"has ended; it was seen last "));
}

TEST_CASE("a process that does not answer holds up neither the page nor the end") {
  piped_program each("/usr/bin/env", watched_each);
  REQUIRE(eventually([&] { return is_watched(each.pid()); }));
  dashboard_program dashboard(std::to_string(each.pid()));
  loopback_client reader(dashboard.port());
  REQUIRE(reader.ask(dashboard.events()));
  REQUIRE_FALSE(event_with(reader, "\"absence\":\"\"").empty());
  ::kill(each.pid(), SIGSTOP);
  CHECK_FALSE(event_with(reader, "\"absence\":\"cannot be seen at present: it does not answer: its "
                                 "event loop is busy, or it is stopped; it was seen last ")
                .empty());
  CHECK_THAT(get(dashboard.port(), dashboard.page()), StartsWith("HTTP/1.1 200 OK\r\n"));
  ::kill(each.pid(), SIGCONT);
  CHECK_FALSE(event_with(reader, "\"absence\":\"\"").empty());
}
