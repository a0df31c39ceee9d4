#include "each/rules.hpp"
#include "each/units.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace troupe_cli;

TEST_CASE("retries by number count for every cause") {
  const auto rules = retry_rules::parse("2");
  CHECK(rules.again(outcome::exit_code, 1, 1));
  CHECK(rules.again(outcome::timeout, -1, 2));
  CHECK_FALSE(rules.again(outcome::signal, -1, 3));
  CHECK_FALSE(rules.again(outcome::ok, 0, 1));
  CHECK_FALSE(rules.again(outcome::cancelled, -1, 1));
  CHECK_FALSE(retry_rules().again(outcome::exit_code, 1, 1));
}

TEST_CASE("an exit code goes before all exit codes") {
  const auto rules = retry_rules::parse("exit=1,exit:75=3,exit:2=0,lost=1");
  CHECK(rules.again(outcome::exit_code, 75, 3));
  CHECK_FALSE(rules.again(outcome::exit_code, 2, 1));
  CHECK(rules.again(outcome::exit_code, 1, 1));
  CHECK_FALSE(rules.again(outcome::exit_code, 1, 2));
  CHECK(rules.again(outcome::lost, -1, 1));
  CHECK_FALSE(rules.again(outcome::timeout, -1, 1));
}

TEST_CASE("rules that are wrong are refused") {
  for (const char* text : {"", ",", "x", "-1", "exit", "exit=", "exit:256=1", "exit:=1", "oom=1",
         "1,2", "timeout=99999999999", "signal=1;exit=2"}) {
    INFO(text);
    CHECK_THROWS_AS(retry_rules::parse(text), usage_problem);
  }
  for (const char* text : {"", "now", "soon,fail=0", "soon,fail=101%", "never,fail=1",
         "soon,fail=1x", "soon,fail=%", "soon,done=1"}) {
    INFO(text);
    CHECK_THROWS_AS(halt_rule::parse(text), usage_problem);
  }
}

TEST_CASE("a run halts at so many failures, or at a part of what has ended") {
  CHECK_FALSE(halt_rule().reached(1'000, 1'000));
  CHECK_FALSE(halt_rule::parse("soon,fail=2").reached(1, 9));
  CHECK(halt_rule::parse("soon,fail=2").reached(2, 9));
  const auto part = halt_rule::parse("now,fail=50%");
  CHECK(part.how() == halt_rule::manner::now);
  CHECK_FALSE(part.reached(2, 2));
  CHECK(part.reached(2, 3));
  CHECK_FALSE(part.reached(2, 5));
}

TEST_CASE("a time and a size have a unit") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("3h") == 3h);
  CHECK(parse_size("512MiB") == 512U << 20);
  CHECK(parse_size("1KB") == 1000U);
  CHECK(parse_size("7B") == 7U);
  for (const char* text : {"", "5", "s", "-1s", "1e3s", "nans", "1d", "99999h", "1s "}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
  for (const char* text : {"", "5", "MiB", "-1MiB", "1mib", "infB", "9999999999TiB"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
  CHECK(clock_text(7s) == "0:07");
  CHECK(clock_text(3h + 4min + 5s) == "3:04:05");
  CHECK(duration_text(12'340ms) == "12.3 s");
}
