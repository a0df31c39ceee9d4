#include "config/duration_text.hpp"

#include "support/catch.hpp"

#include <utility>

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using troupe::detail::format_duration;
using troupe::detail::parse_duration;

namespace {

std::string problem(std::string_view text) {
  const auto result = parse_duration(text);
  const auto* found = std::get_if<std::string>(&result);
  return found ? *found : "accepted";
}

} // namespace

TEST_CASE("a duration is a whole number and a unit") {
  CHECK(parse_duration("250ms") == std::variant<milliseconds, std::string>(250ms));
  CHECK(parse_duration("30s") == std::variant<milliseconds, std::string>(30s));
  CHECK(parse_duration("5m") == std::variant<milliseconds, std::string>(5min));
  CHECK(parse_duration("1h") == std::variant<milliseconds, std::string>(1h));
  CHECK(parse_duration("-007s") == std::variant<milliseconds, std::string>(-7s));
}

TEST_CASE("a duration that is too long to count is the longest there is") {
  using result = std::variant<milliseconds, std::string>;
  CHECK(parse_duration("9223372036854775807ms") == result(milliseconds::max()));
  CHECK(parse_duration("9223372036854775807h") == result(milliseconds::max()));
  CHECK(parse_duration("99999999999999999999s") == result(milliseconds::max()));
  CHECK(parse_duration("-9223372036854775808h") == result(milliseconds::min()));
  CHECK(parse_duration("-99999999999999999999s") == result(milliseconds::min()));
}

TEST_CASE("what is wrong with a duration is said") {
  const std::string unknown_unit =
    " has an unknown unit; write ms, s, m or h right after the number, like \"30s\"";
  for (const std::string text :
    {"5 sec", "5sec", "5S", "5d", "5us", "1h30m", "5s ", "5 ", "5\u00b5s"})
    CHECK(problem(text) == '"' + text + '"' + unknown_unit);

  const std::string no_duration =
    " is not a duration; write a number and ms, s, m or h, like \"30s\"";
  for (const std::string text : {"", "s", "ten seconds", "+5s", "- 5s", " 5s", ".5s", "inf", "nan"})
    CHECK(problem(text) == '"' + text + '"' + no_duration);

  CHECK(problem("10") == "\"10\" has no unit; write \"10s\" or \"10ms\"");
  CHECK(problem("5 s") == "\"5 s\" has a space in it; write \"5s\"");
  CHECK(problem("1.5s") == "\"1.5s\" is not a whole number; use a smaller unit: ms, s, m or h");
}

TEST_CASE("a duration is written in the largest unit in which it is whole") {
  const std::pair<milliseconds, std::string> examples[] = {{0ms, "0ms"}, {1ms, "1ms"},
    {1500ms, "1500ms"}, {1s, "1s"}, {90s, "90s"}, {2min, "2m"}, {24h, "24h"}, {-1s, "-1s"}};
  for (const auto& [duration, text] : examples)
    CHECK(format_duration(duration) == text);
}
