#include "plot.hpp"
#include "report.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using bench::measurement;
using bench::row;
using nlohmann::json;

namespace {

struct ended {
  int exit_code = -1;
  std::string output;
};

// Runs troupe-bench by the shell; `before` may set variables of its environment.
ended run_bench(const std::string& arguments, const std::string& before = "") {
  const auto command = before + " '" TROUPE_BENCH "' " + arguments;
  FILE* from = ::popen(command.c_str(), "r");
  REQUIRE(from != nullptr);
  ended result;
  for (int c = std::fgetc(from); c != EOF; c = std::fgetc(from))
    result.output += static_cast<char>(c);
  const int status = ::pclose(from);
  if (WIFEXITED(status))
    result.exit_code = WEXITSTATUS(status);
  return result;
}

json measured_json(const std::string& arguments, const std::string& before = "") {
  const auto run = run_bench(arguments + " --small --rounds 1 --json", before);
  CAPTURE(arguments, run.output);
  REQUIRE(run.exit_code == 0);
  return json::parse(run.output);
}

std::set<std::string> names_in(const json& of_measurement, const char* list) {
  std::set<std::string> names;
  for (const auto& each : of_measurement.at(list))
    names.insert(each.at("name").get<std::string>());
  return names;
}

measurement two_contenders(double at = 0) {
  measurement made{.of = {.title = "work", .axis = "size", .at = at}};
  made.rows = {row{"ours", "p50", "us", {3, 1, 2}}, row{"ours", "p99", "us", {9, 9, 9}},
    row{"\"theirs\"", "p50", "us", {4, 4, 4}}};
  made.absent = {{"third", "not installed"}};
  return made;
}

} // namespace

TEST_CASE("contenders take turns, and each quantity has a sample of each round") {
  std::string order;
  const auto result = bench::take_turns({"work"}, 3,
    {{"a",
       [&]() -> std::vector<bench::reading> {
         order += 'a';
         return {{"p50", 1.0 * static_cast<double>(order.size()), "us"}, {"p99", 9, "us"}};
       }},
      {"b", [&]() -> std::vector<bench::reading> {
         order += 'b';
         return {{"p50", 5, "us"}};
       }}});
  CHECK(order == "ababab");
  REQUIRE(result.rows.size() == 3);
  CHECK(result.rows[0].samples == std::vector<double>{1, 3, 5});
  CHECK(result.rows[1].what == "p99");
  CHECK(result.rows[2].name == "b");
}

TEST_CASE("a contender that is not there is asked once, and the others go on") {
  int asked = 0;
  const auto result = bench::take_turns({"work"}, 3,
    {{"missing",
       [&]() -> std::vector<bench::reading> {
         ++asked;
         throw bench::unavailable("not installed");
       }},
      {"there", []() -> std::vector<bench::reading> {
         return {{"p50", 5, "us"}};
       }}});
  CHECK(asked == 1);
  REQUIRE(result.absent.size() == 1);
  CHECK(result.absent[0].reason == "not installed");
  REQUIRE(result.rows.size() == 1);
  CHECK(result.rows[0].samples.size() == 3);
}

TEST_CASE("a table has the least, the median and the most, and what that is of the first one's") {
  const auto text = bench::as_table(two_contenders(64));
  CAPTURE(text);
  CHECK(text.starts_with("work; size: 64\n"));
  CHECK(text.find("1.00        2.00        3.00\n") != std::string::npos);
  CHECK(text.find("4.00        4.00        4.00  2.00 x\n") != std::string::npos);
  CHECK(text.find("third: not installed\n") != std::string::npos);
}

TEST_CASE("the median of an even number of runs lies between the two in the middle") {
  CHECK(row{"a", "p50", "us", {4, 1, 2, 9}}.median() == 3);
}

TEST_CASE(
  "percentiles are those of the nearest rank, and few times have a longest instead of p99.9") {
  std::vector<double> times;
  for (int i = 1000; i > 0; --i)
    times.push_back(i);
  const auto many = bench::percentiles(times, "us");
  CHECK(many[0].value == 500);
  CHECK(many[1].value == 990);
  CHECK(many[2].what == "p99.9");
  CHECK(many[2].value == 999);
  times.resize(10);
  const auto few = bench::percentiles(times, "us");
  CHECK(few[2].what == "longest");
  CHECK(few[2].value == 1000);
}

TEST_CASE("JSON has the samples, the place on the axis and who is absent") {
  const auto text =
    bench::as_json({.version = "1.2.3", .cpus = 2, .rounds = 3}, {two_contenders(64)});
  const auto parsed = json::parse(text);
  CHECK(parsed["rounds"] == 3);
  const auto& one = parsed["measurements"].at(0);
  CHECK(one["at"] == 64);
  CHECK(one["rows"].at(0)["samples"] == json::array({3, 1, 2}));
  CHECK(one["rows"].at(0)["median"] == 2);
  CHECK(one["rows"].at(2)["name"] == "\"theirs\"");
  CHECK(one["absent"].at(0)["reason"] == "not installed");
}

TEST_CASE("a plot has a panel for each title, lines where there are several places") {
  const auto lines = bench::plot_commands({two_contenders(1), two_contenders(2)}, "a.svg");
  CHECK(lines.find("yerrorlines") != std::string::npos);
  CHECK(lines.find("\"'theirs'\"") != std::string::npos);
  CHECK(lines.find("p99") == std::string::npos);
  const auto bars = bench::plot_commands({two_contenders(1)}, "a.svg");
  CHECK(bars.find("yerrorlines") == std::string::npos);
  CHECK(bars.find("boxxyerror") != std::string::npos);
}

TEST_CASE("each workload runs, and its JSON has rows of one sample for each round") {
  const auto* const name = GENERATE("roundtrip", "tasks", "maps", "payloads", "start", "idle",
    "death", "children", "makespan", "fairness", "sleepers", "books", "range");
  const auto result = measured_json(name);
  REQUIRE_FALSE(result["measurements"].empty());
  for (const auto& each : result["measurements"]) {
    CAPTURE(name, each.dump());
    REQUIRE_FALSE(each["rows"].empty());
    CHECK(each["absent"].empty());
    for (const auto& of_row : each["rows"])
      CHECK(of_row["samples"].size() == 1);
  }
}

TEST_CASE("several workloads run one after the other, as tables") {
  const auto run = run_bench("range roundtrip --small --rounds 1");
  CHECK(run.exit_code == 0);
  const auto first = run.output.find("a range of integers");
  const auto second = run.output.find("one task at a time");
  CHECK(first < second);
  CHECK(second < run.output.size());
}

TEST_CASE("without a workload the selection runs") {
  const auto run = run_bench("--small --rounds 1");
  CAPTURE(run.output);
  CHECK(run.exit_code == 0);
  for (const auto* name : {"CAF remote actor, TCP", "map, default options", "child_lost"})
    CHECK(run.output.find(name) != std::string::npos);
}

TEST_CASE("baselines are compared with, and those that are not there are told") {
  // Neither Python nor Node is there.
  const auto result = measured_json("roundtrip --compare", "PATH=/nowhere");
  const auto& one = result["measurements"].at(0);
  const auto present = names_in(one, "rows");
  for (const auto* name : {"CAF remote actor, TCP", "raw ring, spinning", "futex", "eventfd"})
    CHECK(present.contains(name));
  CHECK(names_in(one, "absent").contains("Python multiprocessing.Pool"));
  CHECK(one["absent"].back()["reason"] == "node is not installed");
}

TEST_CASE("an unknown workload is refused with the names of those that there are") {
  const auto run = run_bench("nonsense 2>&1");
  CHECK(run.exit_code == 2);
  CHECK(run.output.find("nonsense") != std::string::npos);
  CHECK(run.output.find("The workloads are roundtrip, tasks,") != std::string::npos);
}

TEST_CASE("a bad value is refused with the range that there is") {
  const auto run = run_bench("--rounds 0 2>&1");
  CHECK(run.exit_code == 2);
  CHECK(run.output.find("--rounds: Value 0 not in range 1 to 1000") != std::string::npos);
}

TEST_CASE("a plot that cannot be drawn is refused before anything is measured") {
  const auto without = run_bench("range --small --plot x.svg 2>&1", "PATH=/nowhere");
  CHECK(without.exit_code == 1);
  CHECK(without.output ==
        "troupe-bench: --plot needs gnuplot: install it (apt-get install gnuplot-nox)\n");
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0)
    return;
  const auto nowhere = run_bench("range --small --plot /nowhere/x.svg 2>&1");
  CHECK(nowhere.exit_code == 1);
  CHECK(nowhere.output.find("/nowhere/x.svg cannot be written") != std::string::npos);
}

TEST_CASE("a plot is an SVG file") {
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0)
    return;
  const auto file = std::filesystem::temp_directory_path() /
                    ("troupe-bench-" + std::to_string(::getpid()) + ".svg");
  const auto run =
    run_bench("payloads range --small --rounds 2 --plot '" + file.string() + "' 2>&1");
  CAPTURE(run.output);
  CHECK(run.exit_code == 0);
  std::ifstream from(file);
  const std::string svg{std::istreambuf_iterator<char>(from), {}};
  std::filesystem::remove(file);
  CHECK(svg.find("</svg>") != std::string::npos);
  CHECK(svg.find("a payload there and back") != std::string::npos);
  CHECK(svg.find("four warm memcpy copies") != std::string::npos);
}
