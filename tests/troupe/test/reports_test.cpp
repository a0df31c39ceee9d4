#include "test/ctest_folder.hpp"
#include "test/environment.hpp"
#include "test/history.hpp"
#include "test/json_report.hpp"
#include "test/junit.hpp"
#include "test/paragraphs.hpp"
#include "test/whole_file.hpp"
#include "test/xml_element.hpp"
#include "test/xml_text.hpp"

#include "support/catch.hpp"

#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace troupe_cli::test;

namespace {

verdict failed(verdict_kind kind, std::string type, std::string message) {
  verdict out;
  out.kind = kind;
  out.type = std::move(type);
  out.message = std::move(message);
  out.output = "wrote \x1b[31m & \xff\n";
  return out;
}

verdict passed() {
  verdict out;
  out.kind = verdict_kind::passed;
  return out;
}

/// A passed, a failed, a crashed one that was tried twice, a flaky one, a skipped one, and one that has not run.
struct example {
  example() {
    what.programs.push_back({.path = "/bin/t", .name = "t", .framework = framework::googletest});
    for (const char* name : {"passes", "fails", "crashes", "flaky", "skipped", "waits"}) {
      what.tests.push_back(
        {.program = 0, .what = {.suite = "S", .name = name, .file = "a.cpp", .line = 7}});
      all.tests.push_back({what.tests.size() - 1, {}});
    }
    all.plan = &what;
    auto assertion = failed(verdict_kind::failed, "assertion", "a.cpp:9: 1 == 2");
    assertion.failures = {{"a.cpp", 9, "1 == 2\nwith <b>"}};
    auto crash = failed(verdict_kind::crashed, "SIGSEGV", "SIGSEGV (Segmentation fault)");
    crash.stacks = "thread 1:\n  #0 f at a.cpp:3\n";
    verdict skipped;
    skipped.kind = verdict_kind::skipped;
    skipped.message = "not here";
    all.tests[0].tries = {passed()};
    all.tests[1].tries = {assertion};
    all.tests[2].tries = {crash, crash};
    all.tests[3].tries = {assertion, passed()};
    all.tests[4].tries = {skipped};
  }
  plan what;
  results all;
};

} // namespace

TEST_CASE("a JUnit file is well-formed whatever tests write, and says what readers look for") {
  example of;
  const auto document = read_xml(junit_text(of.all));
  REQUIRE(document.complete);
  const auto& suite = document.root.children.front();
  CHECK(document.root.name == "testsuites");
  CHECK(suite.attribute("name") == "t");
  CHECK(suite.attribute("tests") == "6");
  CHECK(suite.attribute("failures") == "1");
  CHECK(suite.attribute("errors") == "1");
  CHECK(suite.attribute("skipped") == "2");
  REQUIRE(suite.children.size() == 6);
  for (const auto& each : suite.children) {
    CHECK(each.attribute("classname") == "t.S");
    CHECK(each.attribute("file") == "a.cpp");
    CHECK(each.attribute("line") == "7");
  }
  CHECK(suite.children[0].children.empty());
  REQUIRE(suite.children[1].child("failure"));
  CHECK(suite.children[1].child("failure")->text == "a.cpp:9: 1 == 2\na.cpp:9: 1 == 2\nwith <b>\n");
  CHECK(suite.children[1].child("system-out")->text == "wrote [31m & \n");
  const auto* error = suite.children[2].child("error");
  REQUIRE(error);
  CHECK(error->attribute("type") == "SIGSEGV");
  CHECK_THAT(error->text, ContainsSubstring("#0 f at a.cpp:3"));
  REQUIRE(suite.children[2].child("rerunError"));
  CHECK_THAT(
    suite.children[2].child("rerunError")->child("stackTrace")->text, ContainsSubstring("#0 f"));
  CHECK(suite.children[3].child("failure") == nullptr);
  CHECK(suite.children[3].child("flakyFailure")->attribute("type") == "assertion");
  CHECK(suite.children[4].child("skipped")->attribute("message") == "not here");
  CHECK(suite.children[5].child("skipped")->attribute("message") ==
        "not run: the run was stopped before its turn");
}

TEST_CASE("what XML cannot hold is left out, and nothing else") {
  CHECK(
    valid_xml_text("a\tb\n\x01\x7f\xc3\xa4\xff\xed\xa0\x80\xef\xbf\xbe!") == "a\tb\n\x7f\xc3\xa4!");
  CHECK(valid_xml_text("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
}

TEST_CASE("a report may go to what is no regular file, which stays what it is") {
  const auto path =
    std::filesystem::temp_directory_path() / ("troupe-report-" + std::to_string(::getpid()));
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(fd >= 0);
  write_whole_file(path, "report");
  CHECK(std::filesystem::is_fifo(path));
  std::string text(6, '\0');
  if (std::filesystem::is_fifo(path))
    CHECK(::read(fd, text.data(), text.size()) == 6);
  CHECK(text == "report");
  ::close(fd);
  std::filesystem::remove(path);
  const auto target = path.string() + "-target";
  std::filesystem::create_symlink(target, path);
  write_whole_file(path, "longer");
  write_whole_file(path, "short");
  CHECK(std::filesystem::is_symlink(path));
  CHECK(read_whole_file(target) == "short");
  std::filesystem::remove(path);
  std::filesystem::remove(target);
}

TEST_CASE("a JSON report has every attempt, also of what wrote no UTF-8") {
  example of;
  const auto text = json_text(of.all);
  CHECK_THAT(text, ContainsSubstring("\"outcome\": \"crash\""));
  CHECK_THAT(text, ContainsSubstring("\"flaky\": true"));
  CHECK_THAT(text, ContainsSubstring("\xef\xbf\xbd"));
}

TEST_CASE("what a test wrote cannot change a terminal") {
  CHECK(safe_lines("a\tb\r\n\x1b[2J\n", "> ") == "> a    b\n> \\x1b[2J\n");
  CHECK(safe_lines("1\n2\n3\n", "", 2) == "[... 1 lines before ...]\n2\n3\n");
}

TEST_CASE("a history says what passed and how long it took, and survives odd names") {
  example of;
  of.what.tests[1].what.name = "tab\there\nline\\";
  history first;
  first.add(of.all);
  const history second(first.text() + "garbage\n\t\t\n");
  CHECK(second.text() == first.text());
  REQUIRE(second.find(of.what, of.what.tests[1]));
  CHECK_FALSE(second.find(of.what, of.what.tests[1])->passed);
  CHECK(second.find(of.what, of.what.tests[3])->passed);
  CHECK(second.find(of.what, of.what.tests[5]) == nullptr);
}

TEST_CASE("what had passed, and did not run the last time, is not taken for passed") {
  example of;
  for (auto& each : of.all.tests)
    each.tries = {passed()};
  of.all.tests[5].tries[0].time = std::chrono::seconds(3);
  history known;
  known.add(of.all);
  of.all.tests[4].tries[0].kind = verdict_kind::interrupted;
  of.all.tests[5].tries.clear();
  known.add(of.all);
  CHECK(known.find(of.what, of.what.tests[0])->passed);
  CHECK_FALSE(known.find(of.what, of.what.tests[4])->passed);
  CHECK_FALSE(known.find(of.what, of.what.tests[5])->passed);
  CHECK(known.find(of.what, of.what.tests[5])->seconds == 3);
}

TEST_CASE("a command line to rerun a test can be given to a shell") {
  CHECK(
    shell_text({"/bin/t", "it's", "a b", ""}, {"X=1 2"}) == "X='1 2' /bin/t 'it'\\''s' 'a b' ''");
}

TEST_CASE("processes do not overwrite each other's profiles") {
  CHECK(profile_pattern("") == "default_%m_%p.profraw");
  CHECK(profile_pattern("/x.y/cov.profraw") == "/x.y/cov.%p.profraw");
  CHECK(profile_pattern("/x.y/cov") == "/x.y/cov.%p");
  CHECK(profile_pattern("c-%p.profraw") == "c-%p.profraw");
}

TEST_CASE("CTest's properties become settings") {
  ::setenv("TROUPE_TEST_PATH", "/usr/bin", 1);
  plan what;
  add_ctest_tests(
    R"({"kind":"ctestInfo","backtraceGraph":{"files":["/src/CMakeLists.txt"],"nodes":[{"file":0},{"file":0,"line":9}]},
"tests":[
 {"name":"up","backtrace":1,"command":["/bin/up","x"],"properties":[{"name":"FIXTURES_SETUP","value":["db"]}]},
 {"name":"uses","command":["/bin/uses"],"properties":[{"name":"FIXTURES_REQUIRED","value":["db"]},
  {"name":"TIMEOUT","value":2.5},{"name":"PROCESSORS","value":3},{"name":"RUN_SERIAL","value":true},
  {"name":"RESOURCE_LOCK","value":["port"]},{"name":"SKIP_RETURN_CODE","value":77},{"name":"WILL_FAIL","value":true},
  {"name":"LABELS","value":["net"]},{"name":"COST","value":4.0},{"name":"WORKING_DIRECTORY","value":"/tmp"},
  {"name":"ENVIRONMENT","value":["A=1","B=x=y"]},
  {"name":"ENVIRONMENT_MODIFICATION","value":["A=string_append:2","TROUPE_TEST_PATH=path_list_prepend:/opt","C=unset:"]},
  {"name":"PASS_REGULAR_EXPRESSION","value":["^ok"]}]},
 {"name":"down","command":["/bin/down"],"properties":[{"name":"FIXTURES_CLEANUP","value":["db"]},{"name":"DISABLED","value":true}]},
 {"name":"after","command":["/bin/after"],"properties":[{"name":"DEPENDS","value":["uses"]}]},
 {"name":"not built","properties":[]}]})",
    what);
  REQUIRE(what.tests.size() == 5);
  CHECK(what.programs[0].path == "/bin/up");
  CHECK(what.programs[0].arguments == std::vector<std::string>{"x"});
  CHECK(what.tests[0].what.file == "/src/CMakeLists.txt");
  CHECK(what.tests[0].what.line == 9);
  const auto& uses = what.tests[1];
  CHECK(uses.after == std::vector<std::size_t>{0});
  CHECK(uses.requires_passed == std::vector<std::size_t>{0});
  CHECK(uses.settings.timeout == std::chrono::milliseconds(2500));
  CHECK(uses.settings.weight == 3);
  CHECK(uses.settings.serial);
  CHECK(uses.settings.exclusive == std::vector<std::string>{"port"});
  CHECK(uses.settings.plain.skip_exit_code == 77);
  CHECK(uses.settings.plain.will_fail);
  CHECK(uses.settings.plain.pass_expressions == std::vector<std::string>{"^ok"});
  CHECK(uses.settings.directory == "/tmp");
  CHECK(uses.settings.environment ==
        std::vector<std::string>{"A=12", "B=x=y", "TROUPE_TEST_PATH=/opt:/usr/bin"});
  CHECK(uses.settings.environment_without == std::vector<std::string>{"C"});
  CHECK(uses.what.tags == std::vector<std::string>{"net"});
  CHECK(what.tests[2].after == std::vector<std::size_t>{0, 1});
  CHECK(what.tests[2].what.disabled);
  CHECK(what.tests[3].after == std::vector<std::size_t>{1});
  CHECK(what.programs[4].path.empty());
}

TEST_CASE("what is no list of CTest's is refused, and a bad regular expression is named") {
  plan what;
  CHECK_THROWS_WITH(
    add_ctest_tests("{}", what), "what ctest wrote is not a list of tests (json-v1)");
  CHECK_THROWS_WITH(
    add_ctest_tests(
      R"({"tests":[{"name":"t","properties":[{"name":"PASS_REGULAR_EXPRESSION","value":["("]}]}]})",
      what),
    StartsWith("the test \"t\" has the regular expression \"(\", which cannot be used: "));
}
