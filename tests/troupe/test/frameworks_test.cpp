#include "test/framework.hpp"
#include "test/xml_element.hpp"

#include "support/catch.hpp"

// Lists and records as the frameworks of Debian 12 have written them; those of Catch2 3 are written by hand, in the form
// that its version 3.5 has.
using namespace troupe_cli::test;

namespace {

listing read(framework which, written call) {
  return rules_of(which).read_listing(std::vector{std::move(call)}, "program");
}

run_record record(framework which, written run) {
  return rules_of(which).read_record(run);
}

framework_rules::run_call run(framework which, const std::vector<test_case>& cases) {
  std::vector<const test_case*> pointers;
  for (const auto& each : cases)
    pointers.push_back(&each);
  return rules_of(which).run(pointers, "R", "W");
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("GoogleTest's list is read from its file") {
  const auto list =
    read(framework::googletest, {.out = "noise\n", .file = R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" name="AllTests">
  <testsuite name="Few/Numbers" tests="1">
    <testcase name="AreBelowTwo/0" value_param="0" file="a.cpp" line="60" />
  </testsuite>
  <testsuite name="Slow" tests="1">
    <testcase name="DISABLED_Never" file="a.cpp" line="50" />
  </testsuite>
</testsuites>)"});
  CHECK(list.problem.empty());
  REQUIRE(list.cases.size() == 2);
  CHECK(list.cases[0] ==
        test_case{.suite = "Few/Numbers", .name = "AreBelowTwo/0", .file = "a.cpp", .line = 60});
  CHECK(list.cases[1].disabled);
}

TEST_CASE("a GoogleTest that writes no list to a file is read from what it prints") {
  const auto list =
    read(framework::googletest, {.out = "hello\nNet.\n  Passes\n  Typed  # TypeParam = "
                                        "int\nFew/Numbers.\n  AreBelowTwo/0  # GetParam() = 0\n"});
  REQUIRE(list.cases.size() == 3);
  CHECK(full_name(list.cases[1]) == "Net.Typed");
  CHECK(full_name(list.cases[2]) == "Few/Numbers.AreBelowTwo/0");
  CHECK(read(framework::googletest, {.out = "usage: x"}).problem == "it wrote no list");
}

TEST_CASE("GoogleTest is told cases by a filter, and by a file if it is long") {
  const std::vector<test_case> few{{.suite = "A", .name = "b"}, {.suite = "A", .name = "c-d"}};
  CHECK(run(framework::googletest, few).arguments.front() == "--gtest_filter=A.b:A.c?d");
  const std::vector<test_case> many(20'000, {.suite = "Suite", .name = "name"});
  const auto call = run(framework::googletest, many);
  CHECK(call.arguments.front() == "--gtest_flagfile=W");
  CHECK_THAT(call.words_text, StartsWith("--gtest_filter=Suite.name:"));
}

TEST_CASE("GoogleTest's record says what passed, failed and was skipped") {
  const auto found =
    record(framework::googletest, {.file = R"(<testsuites tests="3"><testsuite name="A">
<testcase name="p" status="run" result="completed" time="0." classname="A" />
<testcase name="f" status="run" result="completed" classname="A">
<failure message="a.cpp:17&#x0A;Expected: 2" type=""><![CDATA[a.cpp:17
Expected: 2]]></failure></testcase>
<testcase name="s" status="run" result="skipped" classname="A"><skipped message="a.cpp:3&#x0A;not here"/></testcase>
<testcase name="n" status="notrun" result="suppressed" classname="A" />
</testsuite></testsuites>)"});
  CHECK(found.complete);
  REQUIRE(found.cases.size() == 3);
  CHECK(found.cases[0].outcome == outcome::passed);
  CHECK(found.cases[1].outcome == outcome::failed);
  CHECK(found.cases[1].failures == std::vector<failure>{{"a.cpp", 17, "Expected: 2"}});
  CHECK(found.cases[2].outcome == outcome::skipped);
}

TEST_CASE("a record with bytes that no XML may have is complete nonetheless") {
  const auto found = record(framework::googletest,
    {.file = "<testsuites><testsuite name=\"A\"><testcase name=\"f\" status=\"run\">"
             "<failure message=\"a.cpp:17&#x0A;bytes \xff\x01\" "
             "type=\"\"><![CDATA[\xff\x1b]]></failure></testcase></testsuite></testsuites>"});
  CHECK(found.complete);
  REQUIRE(found.cases.size() == 1);
  CHECK(found.cases[0].failures == std::vector<failure>{{"a.cpp", 17, "bytes "}});
}

TEST_CASE("a GoogleTest that died is read from what it printed, also behind text of a test") {
  const auto found = record(framework::googletest,
    {.out = "[ RUN      ] A.p\nno line end[       OK ] A.p (0 ms)\n"
            "[ RUN      ] A.f\na.cpp:9: Failure\nExpected: 2\n[  FAILED  ] A.f (0 ms)\n"
            "[ RUN      ] A.crash\n"});
  CHECK_FALSE(found.complete);
  REQUIRE(found.cases.size() == 3);
  CHECK(found.cases[0].outcome == outcome::passed);
  CHECK(found.cases[1].failures == std::vector<failure>{{"a.cpp", 9, "Expected: 2\n"}});
  CHECK(found.cases[2].outcome == outcome::unfinished);
}

TEST_CASE(
  "Catch2 2 is read from its list of names with places, and its tags from the list for people") {
  const std::vector<written> calls{{.out = "static noise\npasses\t@/src/a.cpp:5\na long name that "
                                           "is broken\t@/src/a.cpp:9\n\"#3 is quoted\"\t@b.cpp:1\n",
                                     .exit_code = 3},
    {.out = "noise\nAll available test cases:\n  passes\n      [net][.quick]\n  a long name\n    "
            "that is broken\n"
            "  #3 is quoted\n      [!mayfail][a]\n      [b]\n3 test cases\n"}};
  const auto list = rules_of(framework::catch2).read_listing(calls, "program");
  CHECK(list.problem.empty());
  REQUIRE(list.cases.size() == 3);
  CHECK(
    list.cases[0] ==
    test_case{.suite = "a", .name = "passes", .tags = {"net"}, .file = "/src/a.cpp", .line = 5});
  CHECK(list.cases[1].name == "a long name that is broken");
  CHECK(list.cases[2].name == "#3 is quoted");
  CHECK(list.cases[2].tags == words{"a", "b"});
}

TEST_CASE("a name of Catch2 2 may have several lines, which what a program prints itself is not "
          "taken for") {
  const std::vector<written> calls{
    {.out = "static noise\ntwo\nlines\t@a.cpp:5\nmore noise\nplain\t@a.cpp:9\n", .exit_code = 2},
    {.out = "All available test cases:\n  two\n    lines\n  plain\n      [net]\n2 test cases\n"}};
  const auto list = rules_of(framework::catch2).read_listing(calls, "program");
  CHECK(list.problem.empty());
  REQUIRE(list.cases.size() == 2);
  CHECK(list.cases[0].name == "two\nlines");
  CHECK(list.cases[1].name == "plain");
  CHECK(list.cases[1].tags == words{"net"});
}

TEST_CASE("line ends and tabs in names are what they are, also where XML has them as they stand") {
  const auto document =
    read_xml("<?xml version=\"1.0\"?><!-- \"a\nb\" <c d='\n'> --><a b=\"1\n2\t3\" "
             "c='x\r\ny'>\"text\n\"<![CDATA[<d e=\"\n\">]]></a>");
  CHECK(document.complete);
  CHECK(document.root.attribute("b") == "1\n2\t3");
  CHECK(document.root.attribute("c") == "x\r\ny");
  CHECK(document.root.text == "\"text\n\"<d e=\"\n\">");
}

TEST_CASE("bytes that doctest writes as numbers may be anything in its patterns") {
  CHECK(
    rules_of(framework::doctest).rerun({.name = R"(a, \x1B[31m)"}).front() == R"(-tc=a\, *[31m)");
}

TEST_CASE("a list of Catch2 2 that is not as long as its exit code says is an error") {
  const std::vector<written> calls{{.out = "passes\t@a.cpp:5\n", .exit_code = 2}, {}};
  CHECK(rules_of(framework::catch2).read_listing(calls, "program").problem ==
        "its list and its exit code, which is the number of test cases, differ");
}

TEST_CASE("a list of Catch2 2 may have more cases than an exit code can say") {
  std::string names;
  for (int i = 0; i < 300; ++i)
    names += "case " + std::to_string(i) + "\t@a.cpp:" + std::to_string(i + 1) + '\n';
  const std::vector<written> calls{{.out = names, .exit_code = 255}, {}};
  const auto list = rules_of(framework::catch2).read_listing(calls, "program");
  CHECK(list.problem.empty());
  CHECK(list.cases.size() == 300);
}

TEST_CASE("Catch2's names are escaped, and many of them stand in a file") {
  CHECK(run(framework::catch2, {{.name = "a, [b] *c* ~\"d\" \\e"}}).arguments.front() ==
        "a\\, \\[b\\] \\*c\\* \\~\\\"d\\\" \\\\e");
  const auto call = run(framework::catch2, {{.name = "-x"}});
  CHECK(call.arguments[0] == "--input-file");
  CHECK(call.words_text == "\"-x\"\n");
}

TEST_CASE("a list of Catch2 3 is read from its file") {
  const auto list = read(framework::catch2_3, {.file = R"(<?xml version="1.0" encoding="UTF-8"?>
<MatchingTests>
  <TestCase>
    <Name>a &lt;b&gt;, c</Name>
    <ClassName/>
    <Tags>[.][net]</Tags>
    <SourceInfo>
      <File>/src/odd.cpp</File>
      <Line>12</Line>
    </SourceInfo>
  </TestCase>
</MatchingTests>)"});
  CHECK(list.problem.empty());
  CHECK(
    list.cases ==
    std::vector<test_case>{
      {.suite = "odd", .name = "a <b>, c", .tags = {"net"}, .file = "/src/odd.cpp", .line = 12}});
  CHECK(read(framework::catch2_3, {.file = "<MatchingTests><TestCase>"}).problem ==
        "its list is not complete");
}

TEST_CASE("Catch2's record of either version is read, and of one that died as far as it goes") {
  const std::string begin = R"(<?xml version="1.0" encoding="UTF-8"?>
<Catch2TestRun name="x" rng-seed="1" catch2-version="3.5.0">
  <TestCase name="skips" filename="a.cpp" line="3">
    <Skip filename="a.cpp" line="4">not here</Skip>
    <OverallResult success="true" skips="1"/>
  </TestCase>
  <TestCase name="fails" filename="a.cpp" line="7">
    <Section name="s" filename="a.cpp" line="8">
      <Info>context</Info>
      <Expression success="false" type="CHECK" filename="a.cpp" line="9">
        <Original>1 + 1 == 3</Original><Expanded>2 == 3</Expanded>
      </Expression>
    </Section>
    <OverallResult success="false"/>
  </TestCase>)";
  auto found = record(framework::catch2_3,
    {.file = begin + "<OverallResults successes=\"0\" failures=\"1\"/></Catch2TestRun>"});
  CHECK(found.complete);
  REQUIRE(found.cases.size() == 2);
  CHECK(found.cases[0].outcome == outcome::skipped);
  CHECK(found.cases[0].reason == "not here");
  CHECK(found.cases[1].failures ==
        std::vector<failure>{
          {"a.cpp", 9, "CHECK( 1 + 1 == 3 )\nwith expansion: 2 == 3\nwith message: context"}});
  found =
    record(framework::catch2, {.file = begin + "<TestCase name=\"crashes\" filename=\"a.cpp\""});
  CHECK_FALSE(found.complete);
  CHECK(found.cases.size() >= 2);
}

TEST_CASE("doctest's list and record are read, and names are selected with their files") {
  const auto list = read(framework::doctest, {.file = R"(<?xml version="1.0" encoding="UTF-8"?>
<doctest binary="x" version="2.4.9"><Options order_by="file"/>
  <TestCase name="fails" testsuite="net" filename="/src/d.cpp" line="14" skipped="false"/>
  <TestCase name="passes" testsuite="" filename="/src/d.cpp" line="6" skipped="true"/>
  <OverallResultsTestCases unskipped="1"/></doctest>)"});
  REQUIRE(list.cases.size() == 2);
  CHECK(full_name(list.cases[0]) == "net.fails");
  CHECK(full_name(list.cases[1]) == "d.passes");
  CHECK(list.cases[1].disabled);
  CHECK(run(framework::doctest, {{.name = "a, b\\c", .file = "d.cpp"}}).arguments ==
        words{"-tc=a\\, b\\\\c", "-sf=d.cpp", "-cs=true", "-nb=true", "-r=xml", "-nss=true",
          "-d=true", "-o=R"});
  const auto found =
    record(framework::doctest, {.file = R"(<doctest binary="x"><TestSuite name="net">
<TestCase name="fails" filename="/src/d.cpp" line="14"><SubCase name="s"><Expression success="false" type="CHECK" filename="/src/d.cpp" line="15">
<Original>1 == 3</Original><Expanded>1 == 3</Expanded></Expression></SubCase>
<OverallResultsAsserts successes="0" failures="1" test_case_success="false"/></TestCase></TestSuite>
<OverallResultsAsserts successes="0" failures="1"/><OverallResultsTestCases successes="0" failures="1"/></doctest>)"});
  CHECK(found.complete);
  REQUIRE(found.cases.size() == 1);
  CHECK(found.cases[0].failures ==
        std::vector<failure>{{"/src/d.cpp", 15, "CHECK( 1 == 3 )\nvalues: 1 == 3"}});
}

TEST_CASE("Boost.Test's tree is read from what it prints for graphviz") {
  const auto list = read(framework::boost_test, {.err = R"dot(noise
digraph G {rankdir=LR;
tu1[shape=ellipse,peripheries=2,fontname=Helvetica,color=green,label="odd"];
{
tu2[shape=Mrecord,fontname=Helvetica,color=green,label="outer|b.cpp(6)|labels: @slow"];
tu1 -> tu2;
{
tu3[shape=Mrecord,fontname=Helvetica,color=green,label="inner|b.cpp(7)"];
tu2 -> tu3;
{
tu65536[shape=Mrecord,fontname=Helvetica,color=green,label="passes|b.cpp(8)"];
tu3 -> tu65536;
tu65541[shape=Mrecord,fontname=Helvetica,color=yellow,label="off|b.cpp(13)"];
tu3 -> tu65541;
}
}
tu65542[shape=Mrecord,fontname=Helvetica,color=green,label="lonely|b.cpp(17)|labels: @fast @net"];
tu1 -> tu65542;
}
})dot"});
  REQUIRE(list.cases.size() == 3);
  CHECK(list.cases[0] ==
        test_case{
          .suite = "outer/inner", .name = "passes", .tags = {"slow"}, .file = "b.cpp", .line = 8});
  CHECK(list.cases[1].disabled);
  CHECK(list.cases[2] ==
        test_case{.name = "lonely", .tags = {"fast", "net"}, .file = "b.cpp", .line = 17});
  CHECK(run(framework::boost_test, list.cases).arguments[0] == "--run_test=outer/inner/passes");
}

TEST_CASE("Boost.Test's record is read, and failures that were expected are none") {
  const std::string text =
    R"(<TestLog><TestSuite name="odd"><TestSuite name="outer" file="b.cpp" line="6">
<TestCase name="fails" file="b.cpp" line="9"><Error file="b.cpp" line="9"><![CDATA[check 1 == 2 has failed]]></Error><TestingTime>139</TestingTime></TestCase>
<TestCase name="throws" file="b.cpp" line="10"><Exception file="unknown location" line="0"><![CDATA[std::runtime_error: thrown]]><LastCheckpoint file="b.cpp" line="10"><![CDATA[entry]]></LastCheckpoint></Exception><TestingTime>7</TestingTime></TestCase>
<TestCase name="off" skipped="yes" reason="disabled"/><TestCase name="not_here" skipped="yes" reason="precondition failed"/>
</TestSuite><TestSuite name="param" skipped="yes" reason="disabled"/></TestSuite></TestLog>)";
  const auto found = record(framework::boost_test, {.file = text, .exit_code = 201});
  CHECK(found.complete);
  REQUIRE(found.cases.size() == 3);
  CHECK(found.cases[0].failures == std::vector<failure>{{"b.cpp", 9, "check 1 == 2 has failed"}});
  CHECK(
    found.cases[1].failures == std::vector<failure>{{"b.cpp", 10, "std::runtime_error: thrown"}});
  CHECK(found.cases[2].outcome == outcome::skipped);
  CHECK(record(framework::boost_test, {.file = text, .exit_code = 0}).cases[0].outcome ==
        outcome::passed);
}

TEST_CASE("lists and records that are cut off or garbled anywhere are read without harm") {
  const std::string text =
    R"(<Catch name="x"><Group name="x"><TestCase name="a&amp;b" filename="a.cpp" line="3"><Expression success="false"><Original>x</Original></Expression><OverallResult success="true"/></TestCase><OverallResults/></Group></Catch>)";
  const framework all[]{framework::plain, framework::googletest, framework::catch2,
    framework::catch2_3, framework::doctest, framework::boost_test};
  for (const auto which : all)
    for (std::size_t size = 0; size < text.size(); ++size) {
      auto garbled = text;
      garbled[size] = static_cast<char>(0x80 + size % 100);
      for (const auto& each : {text.substr(0, size), garbled}) {
        const auto complete =
          rules_of(which).read_record({.out = each, .err = each, .file = each}).complete;
        CHECK((!complete || which == framework::plain || each.size() == text.size()));
        const auto list =
          rules_of(which).read_listing(std::vector<written>(2, {each, each, each, 0}), "p");
        CHECK((list.cases.size() <= 1));
      }
    }
}
