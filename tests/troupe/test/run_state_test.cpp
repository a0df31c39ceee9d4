#include "test/run_state.hpp"

#include "support/catch.hpp"

#include <csignal>

using namespace troupe_cli;
using namespace troupe_cli::test;

namespace {

class recorder final : public run_listener {
public:
  void on_try(const test_result&) override { ++tries; }
  void on_result(const test_result& result) override { results.push_back(result.kind()); }
  std::size_t tries = 0;
  std::vector<verdict_kind> results;
};

plan plain_plan(std::size_t tests, unsigned retries = 0) {
  plan out;
  for (std::size_t i = 0; i < tests; ++i) {
    const auto name = "p" + std::to_string(i);
    out.programs.push_back({.path = "/bin/" + name, .name = name});
    out.tests.push_back({.program = i, .what = {.name = name}});
    out.tests.back().settings.retries = retries;
  }
  return out;
}

attempt left_with(int exit_code) {
  attempt out;
  out.end.exit_code = exit_code;
  return out;
}

} // namespace

TEST_CASE("what fails is tried again as often as it may, and is flaky if it passes then") {
  const auto what = plain_plan(1, 2);
  recorder heard;
  run_state state(what, {}, heard);
  for (const int code : {1, 1, 0}) {
    const auto work = state.next(0);
    REQUIRE(work);
    state.ended(work->number, left_with(code));
  }
  CHECK(state.finished());
  CHECK(heard.tries == 2);
  CHECK(heard.results == std::vector{verdict_kind::passed});
  const auto all = state.take_results();
  CHECK(all.tests.front().flaky());
  CHECK(count(all).flaky == 1);
  CHECK(count(all).passed == 0);
}

TEST_CASE("a test is forked from its program if that is as if it had been executed, and pays") {
  plan what;
  what.programs = {{.path = "/bin/p", .name = "p", .forks_tests = true},
    {.path = "/bin/q", .name = "q"}, {.path = "/bin/r", .name = "r", .forks_tests = true}};
  for (const std::size_t program : {0u, 0u, 0u, 0u, 0u, 0u, 1u, 1u, 1u, 2u, 2u})
    what.tests.push_back({.program = program, .what = {.name = "t"}});
  what.tests[1].settings.environment = {"A=1"};
  what.tests[2].settings.environment_without = {"A"};
  what.tests[3].settings.directory = "/";
  what.tests[4].settings.fork = false;
  const auto forked = [&](bool forks) {
    recorder heard;
    run_state state(what, {.width = 2, .forks = forks}, heard);
    std::string out;
    while (auto work = state.next(0)) {
      out += work->order.zygote_argv.empty() ? '-' : 'f';
      state.ended(work->number, left_with(0));
    }
    return out;
  };
  CHECK(forked(true) == "f----f-----"); // of the last program there are no more than places
  CHECK(forked(false) == "-----------");
}

TEST_CASE("what a sanitizer reports is never tried again, nor is a cause that was not asked for") {
  const auto what = plain_plan(2, 5);
  recorder heard;
  run_state state(what, {.width = 2, .retry_causes = {"crash"}}, heard);
  auto reported = left_with(0);
  reported.output = "WARNING: ThreadSanitizer: data race (pid=1)\n";
  state.ended(state.next(0)->number, reported);
  state.ended(state.next(0)->number, left_with(1));
  CHECK(state.finished());
  CHECK(heard.results == std::vector{verdict_kind::sanitizer, verdict_kind::failed});
}

TEST_CASE("after a stop nothing is started, and what has not run is counted as such") {
  const auto what = plain_plan(3);
  recorder heard;
  run_state state(what, {.until_fail = true}, heard);
  state.ended(state.next(0)->number, left_with(1));
  CHECK(state.stopped());
  CHECK_FALSE(state.next(0));
  CHECK(state.finished());
  CHECK(count(state.take_results()).not_run == 2);
}

TEST_CASE("a test whose fixture failed is not run, and says why") {
  auto what = plain_plan(2);
  what.tests[1].after = {0};
  what.tests[1].requires_passed = {0};
  recorder heard;
  run_state state(what, {.width = 2}, heard);
  const auto work = state.next(0);
  CHECK_FALSE(state.next(1));
  state.ended(work->number, left_with(1));
  CHECK_FALSE(state.next(0));
  CHECK(state.finished());
  CHECK(state.take_results().tests[1].last().message == "\"p0\", which it needs, has not passed");
}

TEST_CASE("nobody waits for a test that is disabled, and what it was to set up counts as there") {
  auto what = plain_plan(3);
  what.tests[0].what.disabled = true;
  what.tests[1].after = {0};
  what.tests[1].requires_passed = {0};
  what.tests[2].after = {0};
  recorder heard;
  run_state state(what, {.width = 2}, heard);
  const auto first = state.next(0);
  const auto second = state.next(1);
  REQUIRE(first);
  REQUIRE(second);
  state.ended(first->number, left_with(0));
  state.ended(second->number, left_with(0));
  CHECK(state.finished());
  CHECK(heard.results == std::vector{verdict_kind::passed, verdict_kind::passed});
  CHECK(state.take_results().problems.empty());
}

TEST_CASE("tests that wait for each other in a circle end a run instead of holding it up") {
  auto what = plain_plan(2);
  what.tests[0].after = {1};
  what.tests[1].after = {0};
  recorder heard;
  run_state state(what, {}, heard);
  CHECK_FALSE(state.next(0));
  CHECK(state.finished());
  CHECK(state.take_results().problems ==
        std::vector<std::string>{"tests wait for each other in a circle, and were not run"});
}

TEST_CASE("a suite whose process died is blamed on the case that ran, and the others run alone") {
  plan what;
  what.programs.push_back({.path = "/bin/x", .name = "x", .framework = framework::googletest});
  for (const char* name : {"a", "b", "c"})
    what.tests.push_back({.program = 0, .what = {.suite = "S", .name = name}});
  recorder heard;
  run_state state(what, {.group_suites = true}, heard);
  const auto suite = state.next(0);
  REQUIRE(suite);
  CHECK(suite->title == "x S (3 tests)");
  attempt died;
  died.end.signal = SIGSEGV;
  died.output = "[ RUN      ] S.a\n[       OK ] S.a (0 ms)\n[ RUN      ] S.b\n";
  state.ended(suite->number, died);
  CHECK(heard.results == std::vector{verdict_kind::passed, verdict_kind::crashed});
  const auto alone = state.next(0);
  REQUIRE(alone);
  CHECK(alone->title == "x S.c");
  CHECK(alone->order.what.argv[1] == "--gtest_filter=S.c");
}
