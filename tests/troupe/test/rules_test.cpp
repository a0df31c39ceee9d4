#include "test/filter.hpp"
#include "test/sanitizer.hpp"
#include "test/schedule.hpp"
#include "test/settings.hpp"
#include "test/verdict.hpp"

#include "support/catch.hpp"

#include <csignal>

using namespace troupe_cli;
using namespace troupe_cli::test;

namespace {

const test_case which{
  .suite = "Net", .name = "connects", .tags = {"slow", "net"}, .file = "net.cpp"};

bool matches(const char* text) {
  return filter(text).matches("test_net", which);
}

std::string problem(const char* text) {
  try {
    const filter parsed(text);
    return {};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

attempt left_with(int exit_code, std::string output = {}) {
  attempt out;
  out.end.exit_code = exit_code;
  out.output = std::move(output);
  return out;
}

run_record says(outcome what, bool complete = true) {
  return {complete, {{.suite = "Net", .name = "connects", .outcome = what}}};
}

verdict_kind judged(const attempt& from, const run_record& record) {
  return judge(which, from, &record).kind;
}

} // namespace

TEST_CASE("filters choose by suite, name, tag, binary and file") {
  CHECK(matches("suite(Net)"));
  CHECK_FALSE(matches("suite(Ne)"));
  CHECK(matches("suite(N*)"));
  CHECK(matches("test(nect)"));
  CHECK_FALSE(matches("test(=nect)"));
  CHECK(matches("tag(slow) and binary(test_*) and file(net.cpp)"));
  CHECK(matches("not tag(fast)"));
  CHECK(matches("suite(Other) or tag(slow) and not suite(Other)"));
  CHECK_FALSE(matches("(suite(Other) or tag(slow)) and suite(Other)"));
  CHECK(matches("Net.conn"));
  CHECK(matches("test(\"connects\")"));
  CHECK(matches("all()"));
}

TEST_CASE("a filter that is not well-formed says what is wrong, and where") {
  CHECK(problem("suite(net") == "the filter \"suite(net\": \")\" was expected at character 10");
  CHECK(problem("a and") ==
        "the filter \"a and\": a test was expected, such as test(name) at character 6");
  CHECK(problem("shape(x)") == "the filter \"shape(x)\": there is no \"shape(...)\", but suite, "
                               "test, tag, binary, file and all at character 1");
  CHECK(
    problem("a b") == "the filter \"a b\": \"and\", \"or\" or the end was expected at character 3");
  CHECK_THAT(problem(std::string(5000, '(').c_str()), ContainsSubstring("nested too deeply"));
}

TEST_CASE("a test has passed only if both its framework and its exit code say so") {
  CHECK(judged(left_with(0), says(outcome::passed)) == verdict_kind::passed);
  CHECK(judged(left_with(1), says(outcome::passed)) == verdict_kind::failed);
  CHECK(judged(left_with(0), says(outcome::failed)) == verdict_kind::failed);
  CHECK(judged(left_with(0), says(outcome::skipped)) == verdict_kind::skipped);
  CHECK(judged(left_with(0), says(outcome::unfinished, false)) == verdict_kind::ended_early);
  CHECK(judged(left_with(0), {}) == verdict_kind::ended_early);
  CHECK(judged(left_with(0), {.complete = true}) == verdict_kind::not_selected);
}

TEST_CASE("crashes, timeouts and what was left behind are told apart") {
  auto how = left_with(-1);
  how.end.signal = SIGSEGV;
  auto what = judge(which, how, nullptr);
  CHECK(what.kind == verdict_kind::crashed);
  CHECK(what.type == "SIGSEGV");
  CHECK(what.message == "SIGSEGV (Segmentation fault)");
  how.end.cause = end_cause::timeout;
  CHECK(judge(which, how, nullptr).kind == verdict_kind::timed_out);
  how = left_with(0);
  how.end.left = {{4711, "sleep"}};
  what = judge(which, how, nullptr);
  CHECK(what.kind == verdict_kind::left_behind);
  CHECK(what.message == "left behind: 4711 sleep");
  how.end.exit_code = 1;
  CHECK(judge(which, how, nullptr).kind == verdict_kind::failed);
}

TEST_CASE("a crash in exit handlers says that the test called exit") {
  auto how = left_with(-1);
  how.end.signal = SIGSEGV;
  how.stacks = "thread 1:\n  #0 f\n  #1 __run_exit_handlers in libc.so.6\n";
  CHECK(judge(which, how, nullptr).message ==
        "it called exit before its end, and died of SIGSEGV (Segmentation fault) on the way out");
}

TEST_CASE("a sanitizer's report makes a test fail that passed, and no output that only looks like "
          "one does") {
  const auto what = judge(which,
    left_with(0, "x\n==12==ERROR: LeakSanitizer: detected memory leaks\n  #0 f\nSUMMARY: "
                 "LeakSanitizer: 1 byte\nrest\n"),
    nullptr);
  CHECK(what.kind == verdict_kind::sanitizer);
  CHECK(what.type == "LeakSanitizer");
  CHECK(
    what.stacks ==
    "==12==ERROR: LeakSanitizer: detected memory leaks\n  #0 f\nSUMMARY: LeakSanitizer: 1 byte");
  CHECK(find_sanitizer_report("a.cpp:3:5: runtime error: overflow\n    #0 f\nrest").kind ==
        "UndefinedBehaviorSanitizer");
  CHECK(
    find_sanitizer_report("WARNING: ThreadSanitizer: data race (pid=1)").kind == "ThreadSanitizer");
  for (const char* text : {"", "runtime error: x", "a: runtime error: x",
         "FATAL ERROR: AddressSanitizer is fine", "about ERROR: AddressSanitizer: x"})
    CHECK(find_sanitizer_report(text).kind.empty());
}

TEST_CASE("programs without a framework are judged as CTest does") {
  plain_rules_of_verdict rules;
  rules.skip_exit_code = 77;
  CHECK(judge(which, left_with(77), nullptr, rules).kind == verdict_kind::skipped);
  rules.pass_expressions = {"all (is )?well"};
  CHECK(judge(which, left_with(1, "all is well"), nullptr, rules).kind == verdict_kind::passed);
  CHECK(judge(which, left_with(0, "nothing"), nullptr, rules).kind == verdict_kind::failed);
  rules.fail_expressions = {"well.error$"};
  CHECK(judge(which, left_with(0, "all well\nerror"), nullptr, rules).kind == verdict_kind::failed);
  rules = {.will_fail = true};
  CHECK(judge(which, left_with(1), nullptr, rules).kind == verdict_kind::passed);
  CHECK(judge(which, left_with(0), nullptr, rules).kind == verdict_kind::failed);
}

TEST_CASE(
  "after the death of a suite's process the case that ran is blamed, and the rest runs alone") {
  const std::vector<test_case> cases{{.name = "done"}, {.name = "dies"}, {.name = "waits"}};
  const std::vector<const test_case*> pointers{&cases[0], &cases[1], &cases[2]};
  auto how = left_with(-1);
  how.end.signal = SIGABRT;
  const run_record record{false, {{.name = "done", .outcome = outcome::passed}, {.name = "dies"}}};
  const auto found = judge_group(pointers, how, record);
  REQUIRE(found.cases.size() == 3);
  CHECK(found.cases[0]->kind == verdict_kind::passed);
  CHECK(found.cases[1]->kind == verdict_kind::crashed);
  CHECK_FALSE(found.cases[2]);
  CHECK_FALSE(found.process);
}

TEST_CASE("what is wrong with a suite's process and with none of its cases is not lost") {
  const test_case one{.name = "done"};
  const std::vector<const test_case*> pointers{&one};
  const run_record record{true, {{.name = "done", .outcome = outcome::passed}}};
  CHECK_FALSE(judge_group(pointers, left_with(0), record).process);
  CHECK(judge_group(pointers, left_with(3), record).process->message ==
        "all of its tests passed, and it ended with exit code 3");
  auto how = left_with(0);
  how.end.left = {{1, "x"}};
  CHECK(judge_group(pointers, how, record).process->kind == verdict_kind::left_behind);
}

TEST_CASE(
  "jobs start by priority, as far as weights, words of exclusion and others before them allow") {
  schedule jobs(4);
  const auto low = jobs.add({.priority = 1});
  const auto locked = jobs.add({.exclusive = {"db"}, .priority = 3});
  const auto also_locked = jobs.add({.exclusive = {"db"}, .priority = 2});
  const auto later = jobs.add({.after = {low}, .priority = 9});
  CHECK(jobs.next() == locked);
  CHECK(jobs.next() == low);
  CHECK(jobs.next() == std::nullopt);
  jobs.ended(low);
  CHECK(jobs.next() == later);
  jobs.ended(locked);
  CHECK(jobs.next() == also_locked);
}

TEST_CASE("a heavy job and one that runs alone are not overtaken for ever") {
  schedule jobs(2);
  const auto first = jobs.add({.priority = 3});
  const auto heavy = jobs.add({.weight = 8, .priority = 2});
  const auto light = jobs.add({.priority = 1});
  CHECK(jobs.next() == first);
  CHECK(jobs.next() == std::nullopt);
  jobs.ended(first);
  CHECK(jobs.next() == heavy);
  CHECK(jobs.next() == std::nullopt);
  jobs.ended(heavy);
  CHECK(jobs.next() == light);
}

TEST_CASE("durations need a unit") {
  using namespace std::chrono_literals;
  CHECK(read_duration("250ms") == 250ms);
  CHECK(read_duration("1.5m") == 90s);
  for (const char* text : {"", "5", "s", "2 s", "-1s", "25h", "1.2.3s"})
    CHECK_FALSE(read_duration(text));
}
