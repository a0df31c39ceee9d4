// The catalogue of faults is kept true: each row has a test that is there, and what is left is named and counted.
#include "catalogue/catalogue.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace troupe::test;

namespace {

namespace fs = std::filesystem;

const fs::path tests_directory = fs::path(TROUPE_SOURCE_DIR) / "tests";
const std::vector<std::string> none;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

known_tests tests_of_the_project() {
  known_tests result;
  for (const auto& entry : fs::recursive_directory_iterator(tests_directory)) {
    const auto& path = entry.path();
    if (path.filename() == "CMakeLists.txt")
      result.programs.merge(programs_in(text_of(path)));
    if (path.extension() != ".cpp")
      continue;
    auto names = cases_in(text_of(path));
    if (path.parent_path().filename() == "faults")
      result.must_prove.insert(names.begin(), names.end());
    result.cases.merge(names);
  }
  return result;
}

const known_tests two_tests{{"it is ended", "it goes on"}, {"valgrind"}, {}};

} // namespace

TEST_CASE("each row of the catalogue has a test, and each test of faults a row") {
  const auto catalogue = parse_catalogue(text_of(tests_directory / "catalogue/faults.txt"));
  std::cout << report_of(catalogue);
  CHECK(problems_of(catalogue, tests_of_the_project()) == none);
  CHECK(catalogue.rows.size() > 100); // it is about something
}

TEST_CASE("what is wrong with a catalogue is told") {
  const auto problems = [](const std::string& text) {
    return problems_of(parse_catalogue(text), two_tests);
  };
  CHECK(problems("== A. Start\nA1 It hangs. It is ended.\n- it is ended\n+ valgrind\n") == none);
  CHECK(problems("== A. Start\nA1 It hangs.\n") == std::vector<std::string>{"A1 has no test"});
  CHECK(problems("in part = 1\n== A. Start\nA1 It hangs.\nin part: all\n") ==
        std::vector<std::string>{"A1 has no test"});
  CHECK(problems("== A. Start\nA1 It hangs.\n- it is gone\n+ gone\n") ==
        std::vector<std::string>{
          "A1: there is no test case \"it is gone\"", "A1: CTest has no test gone"});
  CHECK(problems("not yet = 1\n== A. Start\nA1 It hangs.\n- it is ended\nnot yet: more\n") ==
        std::vector<std::string>{"A1 has a test, so it is proven, or in part"});
  CHECK(problems("not yet = 1\n== A. Start\nA1 It hangs.\nnot yet: all\n") == none);
  CHECK(problems("== A. Start\nA1 It hangs.\nnot here: there is one CPU\n") == none);
}

TEST_CASE(
  "the numbers of what is left are exact, and a test of faults that stands in no row is told") {
  const std::string rows = "== A. Start\nA1 It hangs.\nnot yet: all\nA2 It ends.\n- it is ended\n";
  CHECK(problems_of(parse_catalogue("not yet = 2\n" + rows), two_tests) ==
        std::vector<std::string>{"the catalogue says \"not yet = 2\", but these are 1: A1"});
  auto tests = two_tests;
  tests.must_prove = tests.cases;
  CHECK(problems_of(parse_catalogue("not yet = 1\n" + rows), tests) ==
        std::vector<std::string>{"no row has the test case \"it goes on\""});
}

TEST_CASE("a catalogue that cannot be read is refused with the line") {
  CHECK_THROWS_WITH(parse_catalogue("== A. Start\nA2 It hangs.\n"),
    "line 2 is not the next row of its section: A2 It hangs.");
  CHECK_THROWS_WITH(parse_catalogue("== A. Start\nB1 It hangs.\n"),
    "line 2 is not the next row of its section: B1 It hangs.");
  CHECK_THROWS_WITH(
    parse_catalogue("== A. Start\n- it is ended\n"), "line 2 belongs to no row: - it is ended");
  CHECK_THROWS_WITH(parse_catalogue("== A. Start\nA1 It hangs.\nin part: a\nnot yet: b\n"),
    "line 4 belongs to no row: not yet: b");
  CHECK_THROWS_WITH(
    parse_catalogue("== A. Start\n== A. Start\n"), "line 2 begins a section again: == A. Start");
}

TEST_CASE("the names of test cases are read as the compiler reads them") {
  const std::string source =
    "TEST_CASE(\"one\") {\n}\n\nTEST_CASE(\n  \"two and \"\n  \"a half\", "
    "\"[slow]\") {\n}\nTEST_CASE_METHOD(fixture, \"a \\\"third\\\"\") {\n}\n";
  CHECK(cases_in(source) == std::set<std::string>{"one", "two and a half", "a \"third\""});
  CHECK(programs_in("add_test(NAME valgrind COMMAND x)\nadd_test(NAME ${name})") ==
        std::set<std::string>{"valgrind"});
}
