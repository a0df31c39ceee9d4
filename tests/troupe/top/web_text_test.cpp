// What a server on loopback reads of requests, and whom it answers.
#include "support/catch.hpp"
#include "top/web_text.hpp"

#include <set>
#include <string>

using namespace troupe_cli;

TEST_CASE("only the names of loopback are hosts that are answered") {
  for (const auto* host : {"127.0.0.1", "127.0.0.1:80", "localhost", "LocalHost:65535", "[::1]:1"})
    CHECK(is_loopback_host(host));
  for (const auto* host : {"", "example.org", "127.0.0.1.example.org", "localhost.example.org:80",
         "localhost:", "localhost:x", "localhost:123456", "localhost:80 ", " localhost",
         "127.0.0.2", "::1", "[::1", "user@localhost", "example.org:80@localhost", "localhos"})
    CHECK_FALSE(is_loopback_host(host));
}

TEST_CASE("a secret is the same, or is not, whatever the texts have in common") {
  CHECK(same_secret("0123", "0123"));
  for (const auto* other : {"", "0", "012", "01234", "1123", "0124", "\x30\x31\x32\xb3"})
    CHECK_FALSE(same_secret(other, "0123"));
}

TEST_CASE("random texts have two digits for each byte, and no two are the same") {
  std::set<std::string> all;
  for (int i = 0; i < 100; ++i) {
    const auto text = random_text(16);
    CHECK(text.size() == 32);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(all.insert(text).second);
  }
  CHECK(random_text(0).empty());
}

TEST_CASE("a target has a path and parameters") {
  CHECK(path_of("/events?token=12") == "/events");
  CHECK(path_of("/") == "/");
  CHECK(path_of("") == "");
  CHECK(parameter_of("/events?token=12", "token") == "12");
  CHECK(parameter_of("/?a=b&token=12&c", "token") == "12");
  CHECK(parameter_of("/?token=12&token=13", "token") == "12");
  CHECK(parameter_of("/?token=a=b", "token") == "a=b");
  for (const auto* target :
    {"/", "/?", "/?token", "/?token=", "/?tokens=12", "/?atoken=12", "/&token=12", "/?&&", "", "?"})
    CHECK(parameter_of(target, "token").empty());
}

TEST_CASE("an event has each line of its data by itself, and ends with an empty one") {
  CHECK(event_text("{\"a\": 1}") == "data: {\"a\": 1}\n\n");
  CHECK(event_text("") == "data: \n\n");
  CHECK(event_text("a\nb\r\nc\rd") == "data: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(event_text("a\n\nevent: b\n") == "data: a\ndata: \ndata: event: b\ndata: \n\n");
}
