// Runs `troupe test` on suites with planted faults, and looks at what its JUnit file says of each.
#include "command_run.hpp"
#include "support/piped_program.hpp"

#include <algorithm>
#include <csignal>

using namespace troupe_cli::test;
namespace fs = std::filesystem;

#ifdef GTEST_FAULTS
TEST_CASE("each fault that is planted in a GoogleTest suite is reported as what it is") {
  command_run command;
  CHECK(command.run("-j4 " + command.with_short_hangs() + GTEST_FAULTS) == 1);
  const std::string suite = "troupe_gtest_faults.";
  CHECK(lines(command.outcomes()) ==
        lines({{suite + "Net.Passes", ""}, {suite + "Net.Fails", "failure assertion"},
          {suite + "Net.Crashes", "error SIGSEGV"}, {suite + "Net.LeavesEarly", "error exit"},
          {suite + "Net.Last", ""}, {suite + "Slow.Hangs", "error timeout"},
          {suite + "Slow.LeavesAProcess", "error left-behind"},
          {suite + "Slow.PrintsARace", "error ThreadSanitizer"},
          {suite + "Slow.IsFlaky", "failure assertion"}, {suite + "Slow.IsSkipped", "skipped"},
          {suite + "Slow.DISABLED_Never", "skipped"}, {suite + "Few/Numbers.AreBelowTwo/0", ""},
          {suite + "Few/Numbers.AreBelowTwo/1", ""},
          {suite + "Few/Numbers.AreBelowTwo/2", "failure assertion"}}));
  CHECK_THAT(command.error_text("Crashes"), ContainsSubstring("faults::crash"));
  CHECK_THAT(command.error_text("Hangs"), ContainsSubstring("pause"));
  CHECK_THAT(command.error_text("LeavesAProcess"), ContainsSubstring("sleep"));
  CHECK_THAT(command.out(), ContainsSubstring("--gtest_filter=Net.Crashes"));
  CHECK(command.out().find('\x1b') == std::string::npos);
}

TEST_CASE("a suite in one process gives the same verdicts, and goes on after each death") {
  command_run command;
  CHECK(command.run("--group suite " GTEST_FAULTS " 'suite(Net)'") == 1);
  const std::string suite = "troupe_gtest_faults.Net.";
  CHECK(lines(command.outcomes()) ==
        lines({{suite + "Passes", ""}, {suite + "Fails", "failure assertion"},
          {suite + "Crashes", "error SIGSEGV"}, {suite + "LeavesEarly", "error exit"},
          {suite + "Last", ""}}));
}

TEST_CASE("a flaky test is named as one, and fails the run only if that is asked for") {
  command_run command;
  CHECK(command.run("--retries 1 " GTEST_FAULTS " 'test(IsFlaky)'") == 0);
  CHECK_THAT(command.out(), ContainsSubstring("1 flaky"));
  CHECK(command.outcomes().begin()->second == "flakyFailure assertion");
  fs::remove(command.file("flaky"));
  CHECK(command.run("--retries 1 --flaky fail " GTEST_FAULTS " 'test(IsFlaky)'") == 1);
}

TEST_CASE("only what failed is run again") {
  command_run command;
  CHECK(command.run(GTEST_FAULTS " 'suite(Net) and (test(Passes) or test(Fails))'") == 1);
  CHECK(
    command.run("--rerun " GTEST_FAULTS " 'suite(Net) and (test(Passes) or test(Fails))'") == 1);
  CHECK(command.outcomes().size() == 1);
  CHECK(command.run("--rerun " GTEST_FAULTS " 'test(Passes)'") == 4);
  CHECK(command.err() == "troupe test: no test matches\n");
}

TEST_CASE("all parts of the tests together are all of them, each once") {
  command_run command;
  std::size_t found = 0;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    command.run("--list --shard " + std::string(shard) + " " GTEST_FAULTS);
    const auto text = command.out();
    found += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  CHECK(found == 14);
}

TEST_CASE("an interrupted run writes its reports, and names what it had not begun") {
  command_run command;
  const auto junit = command.file("junit").string();
  troupe::test::piped_program program("/bin/sh",
    {"sh", "-c",
      "exec " TROUPE_COMMAND " test -j1 --slow 100ms --timeout 60s --grace 1s --history " +
        command.file("history").string() + " --junit " + junit +
        " " GTEST_FAULTS " 'test(Hangs) or test(LeavesAProcess)' 2>&1"});
  program.read_until("SLOW"); // so it runs
  ::kill(program.pid(), SIGUSR1);
  program.read_until("1 running:");
  ::kill(program.pid(), SIGINT);
  program.read_until("comes to its end");
  ::kill(program.pid(), SIGINT);
  const int status = program.wait();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGINT);
  const auto outcomes = command.outcomes();
  CHECK(outcomes.at("troupe_gtest_faults.Slow.Hangs") == "error interrupted");
  CHECK(outcomes.at("troupe_gtest_faults.Slow.LeavesAProcess") == "skipped");
}
#endif

#ifdef CATCH2_FAULTS
namespace {

std::vector<std::string> catch2_verdicts(const std::string& program) {
  const std::string suite = program + ".catch2_faults.";
  return lines({{suite + "passes", ""}, {suite + "fails", "failure assertion"},
    {suite + "crashes", "error SIGSEGV"}, {suite + "leaves early", "error SIGSEGV"},
    {suite + "hangs", "error timeout"}, {suite + "leaves a process", "error left-behind"},
    {suite + "prints a race", "error ThreadSanitizer"}, {suite + "is flaky", "failure assertion"},
    {suite + "may fail", ""},
    {suite + "odd, with a comma [and] *stars* \"quotes\" ~tilde \\backslash", ""},
    {suite + "a name that is so long that a list for people, which has eighty columns, breaks it",
      ""},
    {suite + "-begins like an option", ""}, {suite + "of two\nlines", ""},
    {suite + "with a tab\tand a blank ", ""}});
}

} // namespace

TEST_CASE(
  "each fault that is planted in a Catch2 suite is reported as what it is, whatever the names") {
  command_run command;
  CHECK(command.run("-j4 " + command.with_short_hangs() + CATCH2_FAULTS) == 1);
  CHECK(lines(command.outcomes()) == catch2_verdicts("troupe_catch2_faults"));
  CHECK(command.run("--group suite " CATCH2_FAULTS " 'tag(odd) or tag(quick)'") == 0);
  CHECK(command.outcomes().size() == 3);
  CHECK(command.run(CATCH2_FAULTS " 'tag(quick) or tag(long)'") == 0);
  CHECK(command.outcomes().size() == 2);
}

TEST_CASE("tests that are forked from their program get the verdicts of those that are executed") {
  command_run command;
  fs::create_directory(command.file("executions"));
  ::setenv("EXECUTIONS", command.file("executions").c_str(), 1);
  CHECK(command.run("-j4 " + command.with_short_hangs() + FORKED_FAULTS) == 1);
  CHECK(lines(command.outcomes()) == catch2_verdicts("troupe_forked_catch2_faults"));
  CHECK_THAT(command.error_text("crashes"), ContainsSubstring("faults::crash"));
  CHECK_THAT(command.error_text("hangs"), ContainsSubstring("pause"));
  CHECK_THAT(command.error_text("leaves a process"), ContainsSubstring("sleep"));
  const auto executions = [&command] {
    const auto folder = fs::directory_iterator(command.file("executions"));
    return std::distance(begin(folder), end(folder));
  };
  CHECK_THAT(command.out(), ContainsSubstring("  it was forked from its program: --no-fork, or "));
  const auto forked = executions();
  CHECK(forked <= 4 + 2); // once for each place to run, and for the list
  CHECK(command.run("-j4 " + command.with_short_hangs() + "--no-fork " FORKED_FAULTS) == 1);
  CHECK(executions() >= forked + 14);
  CHECK(command.out().find("it was forked") == std::string::npos);
  ::unsetenv("EXECUTIONS");
}

TEST_CASE("a process that was forked for a test is as one that was executed") {
  command_run command;
  for (const char* how : {"-j2 " FORKED_CASES, "-j2 --no-fork " FORKED_CASES}) {
    INFO(how);
    CHECK(command.run(how) == 0);
    INFO(command.out());
    CHECK(command.outcomes().size() == 7);
  }
}

TEST_CASE("a program that has threads before it could fork its tests is executed for each") {
  command_run command;
  ::setenv("EARLY_THREAD", "1", 1);
  CHECK(command.run("-j2 " FORKED_CASES) == 0);
  ::unsetenv("EARLY_THREAD");
  INFO(command.out());
  CHECK(command.outcomes().size() == 7);
}
#endif

#ifdef DOCTEST_FAULTS
TEST_CASE(
  "each fault that is planted in a doctest suite is reported as what it is, also under one name") {
  command_run command;
  CHECK(command.run("-j4 " + command.with_short_hangs() + DOCTEST_FAULTS) == 1);
  const std::string program = "troupe_doctest_faults.";
  const std::string file = program + "doctest_faults.";
  const auto found = command.outcomes();
  CHECK(found.at(file + "passes") == "");
  CHECK(found.at(program + "net.fails") == "failure assertion");
  CHECK(found.at(program + "net.crashes") == "error SIGSEGV");
  CHECK(found.at(program + "net.leaves early") == "error exit");
  CHECK(found.at(file + "hangs") == "error timeout");
  CHECK(found.at(file + "leaves a process") == "error left-behind");
  CHECK(found.at(file + "prints a race") == "error ThreadSanitizer");
  CHECK(found.at(file + "is flaky") == "failure assertion");
  CHECK(found.at(file + "is skipped") == "skipped");
  CHECK(found.at(file + "twice, by one name") == "");
  CHECK(found.at(file + "twice, by one name again") == "failure assertion");
  CHECK(found.at(file + "of two\nlines") == "");
  CHECK(found.at(file + "\\x1B[31m in red, and fails") == "failure assertion");
  CHECK(found.size() == 13);
}
#endif

#ifdef BOOST_FAULTS
TEST_CASE("each fault that is planted in a Boost.Test suite is reported as what it is") {
  command_run command;
  CHECK(command.run("-j4 " + command.with_short_hangs() + BOOST_FAULTS) == 1);
  const std::string program = "troupe_boost_faults.";
  const std::string inner = program + "outer/inner.";
  CHECK(lines(command.outcomes()) ==
        lines({{inner + "passes", ""}, {inner + "fails", "failure assertion"},
          {inner + "throws", "failure assertion"}, {inner + "crashes", "error SIGSEGV"},
          {inner + "leaves_early", "error SIGSEGV"}, {program + "hangs", "error timeout"},
          {program + "leaves_a_process", "error left-behind"},
          {program + "prints_a_race", "error ThreadSanitizer"},
          {program + "is_flaky", "failure assertion"}, {program + "is_to_fail", ""},
          {program + "is_disabled", "skipped"}}));
  // The framework itself does not survive it: its own exit handlers crash.
  CHECK_THAT(command.error_text("leaves_early"), StartsWith("it called exit before its end"));
}
#endif

TEST_CASE("a program without a framework is one test, and is never asked for a list") {
  command_run command;
  CHECK(command.run("/bin/true") == 0);
  CHECK(lines(command.outcomes()) == lines({{"true.true", ""}}));
  CHECK(command.run("/bin/false") == 1);
  CHECK(lines(command.outcomes()) == lines({{"false.false", "failure exit"}}));
}

TEST_CASE("what is wrong on the command line is said in one line, and nothing is started") {
  command_run command;
  CHECK(command.run("./no-such-file") == 2);
  CHECK(
    command.err() == "troupe test: \"./no-such-file\" cannot be read: No such file or directory\n");
  CHECK(command.run("no-such-file") == 2);
  CHECK(command.err() ==
        "troupe test: \"no-such-file\" is not a file; `troupe test --help` says more\n");
  CHECK(command.run("/bin/true --timeout 5") == 2);
  CHECK(command.err() == "troupe test: --timeout: \"5\" is not a duration of at most a day; write "
                         "it with its unit, such as 250ms, 2s or 5m\n");
  CHECK(command.run("/bin/true --shard 4/3") == 2);
  CHECK(
    command.err() == "troupe test: --shard: \"4/3\" is not I/N with I from 1 to N, such as 2/5\n");
  CHECK(command.run("/bin/true 'suite(x'") == 2);
  CHECK(
    command.err() == "troupe test: the filter \"suite(x\": \")\" was expected at character 8\n");
  CHECK(command.run("/bin/true 'test(nothing)'") == 4);
  CHECK(command.run("/bin/true --json /no/such/folder/x") == 5);
  CHECK_THAT(
    command.err(), StartsWith("troupe test: cannot write \"/no/such/folder/x\": No such file"));
}

TEST_CASE("a program that is no framework's although it is said to be gives no list, and says so") {
  command_run command;
  CHECK(command.run("--framework boost /bin/true") == 5);
  CHECK(command.err() ==
        "troupe test: \"/bin/true\" (Boost.Test): cannot list its tests: it printed no tree of its "
        "tests on stderr\n");
}

TEST_CASE("CTest's tests are run with their properties") {
  command_run command;
  write_whole_file(command.file("CTestTestfile.cmake"), R"(
add_test(setup "/bin/sh" "-c" "touch made")
set_tests_properties(setup PROPERTIES FIXTURES_SETUP made)
add_test(uses "/bin/sh" "-c" "test -e made && test $A = 1")
set_tests_properties(uses PROPERTIES FIXTURES_REQUIRED made ENVIRONMENT "A=1")
add_test(skips "/bin/sh" "-c" "exit 77")
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
add_test(fails "/bin/false")
add_test(is_to_fail "/bin/false")
set_tests_properties(is_to_fail PROPERTIES WILL_FAIL TRUE)
add_test(hangs "/bin/sleep" "1000")
set_tests_properties(hangs PROPERTIES TIMEOUT 1)
)");
  CHECK(command.run("--grace 1s --ctest " + command.file("").string()) == 1);
  CHECK(lines(command.outcomes()) ==
        lines({{"setup.setup", ""}, {"uses.uses", ""}, {"skips.skips", "skipped"},
          {"fails.fails", "failure exit"}, {"is_to_fail.is_to_fail", ""},
          {"hangs.hangs", "error timeout"}}));
}

TEST_CASE("set-up and tear-down commands run around all tests, and a set-up that fails keeps them "
          "from running") {
  command_run command;
  const auto trace = command.file("trace").string();
  write_whole_file(command.file("settings"),
    "setup = [\"/bin/sh\", \"-c\", \"echo up >> " + trace +
      "\"]\nteardown = [\"/bin/sh\", \"-c\", \"echo down >> " + trace + "\"]\n");
  CHECK(command.run("/bin/true --settings " + command.file("settings").string()) == 0);
  CHECK(read_whole_file(trace) == "up\ndown\n");
  write_whole_file(command.file("settings"), "setup = \"/bin/false\"\n");
  CHECK(command.run("/bin/true --settings " + command.file("settings").string()) == 1);
  CHECK_THAT(command.out(), ContainsSubstring("setup \"/bin/false\": exit code 1"));
  CHECK(lines(command.outcomes()) == lines({{"true.true", "skipped"}}));
}
