// What Prometheus is given: its text format, as its documentation has it.
#include "support/catch.hpp"
#include "top/metrics.hpp"

#include <regex>
#include <set>
#include <sstream>
#include <string>

using namespace troupe_cli;
using Catch::Matchers::Contains;

namespace {

std::string plain_name(const module_files&, const task_label& label) {
  return label.name;
}

process_status example() {
  process_status process;
  process.pid = 42;
  process.program = "shop";
  process.version = "0.1.0";
  pool_status pool;
  pool.id = "1";
  pool.name = "a \"b\" \\ c\nd";
  pool.max_queue = 9;
  pool.succeeded = 5;
  pool.lost = 2;
  pool.queued = 3;
  pool.children = {{0, 100, "ready", 4096, 7, 1, microseconds(2'500'000), {}}};
  pool.tasks = {{{"fetch", {}, false}, 10, 5, 2, 0, microseconds(1'500'000)}};
  process.pools = {pool};
  return process;
}

} // namespace

TEST_CASE("metrics have what pools, children and names of tasks count") {
  const auto text = metrics_text({example()}, plain_name);
  const std::string pool = R"(program="shop",pid="42",pool="a \"b\" \\ c\\x0ad",pool_id="1")";
  CHECK_THAT(text, Contains("troupe_process{program=\"shop\",pid=\"42\",version=\"0.1.0\"} 1\n"));
  CHECK_THAT(text, Contains("troupe_tasks_total{" + pool + ",outcome=\"succeeded\"} 5\n"));
  CHECK_THAT(text, Contains("troupe_tasks_total{" + pool + ",outcome=\"lost\"} 2\n"));
  CHECK_THAT(text, Contains("troupe_queued_tasks{" + pool + "} 3\n"));
  CHECK_THAT(text, Contains("troupe_max_queue{" + pool + "} 9\n"));
  CHECK_THAT(text, Contains("troupe_child_ready{" + pool + ",slot=\"0\"} 1\n"));
  CHECK_THAT(text, Contains("troupe_child_cpu_seconds_total{" + pool + ",slot=\"0\"} 2.500000\n"));
  CHECK_THAT(text, Contains("troupe_named_tasks_left{" + pool + ",task=\"fetch\"} 3\n"));
  CHECK_THAT(
    text, Contains("troupe_named_task_seconds_total{" + pool + ",task=\"fetch\"} 1.500000\n"));
}

TEST_CASE(
  "each line is as the format has it, each metric is one group, and no sample is there twice") {
  auto other = example();
  other.pid = 43;
  std::istringstream lines(metrics_text({example(), other}, plain_name));
  const std::regex help(R"(# HELP ([a-z_]+) [^\n]+)");
  const std::regex type(R"(# TYPE ([a-z_]+) (counter|gauge))");
  const std::regex sample(
    R"lit(([a-z_]+)\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\} [0-9]+(?:\.[0-9]+)?)lit");
  std::set<std::string> metrics;
  std::set<std::string> samples;
  std::string present;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    if (std::regex_match(line, match, help)) {
      present = match[1];
      CHECK(metrics.insert(present).second);
    } else if (std::regex_match(line, match, type)) {
      CHECK(match[1] == present);
    } else {
      REQUIRE(std::regex_match(line, match, sample));
      CHECK(match[1] == present);
      CHECK(samples.insert(line.substr(0, line.rfind(' '))).second);
    }
  }
  CHECK(metrics.size() == 17);
}

TEST_CASE("where there is nothing to watch there are no metrics") {
  CHECK(metrics_text({}, plain_name).empty());
}
