// The file of `troupe test --settings`.
#include "test/settings.hpp"
#include "test/whole_file.hpp"

#include "support/catch.hpp"

#include <troupe/errors.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace troupe_cli::test;

TEST_CASE(
  "a file of settings is read as a whole, and all of its errors are named with their places") {
  const auto path =
    std::filesystem::temp_directory_path() / ("troupe-settings-" + std::to_string(::getpid()));
  write_whole_file(path, R"toml(setup = ["make", "data"]
[[tests]]
filter = "suite(net)"
timeout = "2s"
exclusive = "port"
weight = 2
fork = false
environment = { A = "1" }
[defaults]
retries = 1
)toml");
  const auto read = read_settings(path);
  CHECK(read.setup == std::vector<std::string>{"make", "data"});
  test_settings base;
  const auto net = settings_for(read, "t", {.suite = "net"}, base);
  CHECK(net.timeout == std::chrono::seconds(2));
  CHECK(net.retries == 1);
  CHECK(net.exclusive == std::vector<std::string>{"port"});
  CHECK(net.environment == std::vector<std::string>{"A=1"});
  CHECK(settings_for(read, "t", {.suite = "other"}, base).weight == 1);
  CHECK(!net.fork);
  CHECK(settings_for(read, "t", {.suite = "other"}, base).fork);
  const auto refused = [&](const std::string& content, const std::string& problems) {
    write_whole_file(path, content);
    std::string expected;
    for (const char c : problems)
      expected += c == '@' ? path.string() : std::string(1, c);
    CHECK_THROWS_WITH(read_settings(path), expected);
  };
  refused("[[tests]]\nfilter = \"(\"\ntimeout = 5\nwait = 1\n[[tests]]\nweight = 0\n",
    "@:2:10: tests[1].filter: the filter \"(\": a test was expected, such as test(name) at "
    "character 2\n"
    "@:3:11: tests[1].timeout: expected a duration like \"30s\", found an integer; write \"5s\" or "
    "\"5ms\"\n"
    "@:4:1: tests[1].wait: unknown key; valid: environment, exclusive, filter, fork, retries, "
    "serial, "
    "slow, timeout, weight\n"
    "@:5:1: tests[2]: a filter is missing, such as filter = \"suite(net)\"\n"
    "@:6:10: tests[2].weight: must be 1 to 1024, is 0");
  refused("[default]\n[pool.web]\n",
    "@:1:2: default: unknown key; did you mean \"defaults\"?\n"
    "@:2:2: pool: unknown key; valid: defaults, setup, teardown, tests");
  refused("tests = 3\nsetup = [\"a\", 2]\n[defaults.environment]\n\"A=B\" = \"x\"\nC = 1\n",
    "@:1:9: tests: expected an array of tables, found an integer; write [[tests]]\n"
    "@:2:15: setup: expected a string, found an integer\n"
    "@:4:9: defaults.environment.\"A=B\": a variable has a name, without \"=\"\n"
    "@:5:5: defaults.environment.C: expected a string, found an integer");
  refused("modules = [\"x.so\"]\n",
    "@:1:1: modules: unknown key; valid: defaults, setup, teardown, tests");
  refused("= broken",
    "@:1:1: Error while parsing root table: expected keys, tables, whitespace or comments, saw "
    "'='");
  refused(std::string("setup = \"\0\"", 11), "@:1:10: NUL character");
  refused("setup = \"\xff\"", "@:1:10: not valid UTF-8");
  refused("setup = " + std::string(100'000, '['),
    "@:1:265: Error while parsing value: exceeded maximum nested value depth of 256 "
    "(TOML_MAX_NESTED_VALUES)");
  std::string deep = "a";
  for (int part = 0; part < 1000; ++part)
    deep += ".a";
  refused(deep + " = 1", "@:1:32: key with more than 16 parts");
  write_whole_file(path, "\xEF\xBB\xBF[defaults]\nweight = 3\n");
  CHECK(settings_for(read_settings(path), "t", {}, base).weight == 3);
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_settings(path), path.string() + ": is a FIFO, not a file");
  std::filesystem::remove(path);
  write_whole_file(path, "");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 30);
  CHECK_THROWS_WITH(read_settings(path), path.string() + ": is larger than 1 MiB");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(
    read_settings(path), path.string() + ": cannot open: No such file or directory");
  CHECK_THROWS_WITH(read_settings("/"), "/: is a directory, not a file");
}
