#include "test/options.hpp"

#include "test/frameworks/names.hpp"
#include "test/settings.hpp"

#include "problems.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>

#include <unistd.h>

namespace troupe_cli::test {
namespace {

const std::set<std::string> causes{"failure", "crash", "timeout", "exit", "left-behind"};

/// Whether an argument names a binary. One with a slash does even if there is no such file, so that a filter is never
/// made of a mistyped path.
bool is_file(const std::string& text) {
  const bool like_a_path =
    text.find('/') != std::string::npos && text.find('(') == std::string::npos;
  return like_a_path || ::access(text.c_str(), F_OK) == 0;
}

struct texts {
  std::vector<std::string> positionals;
  std::string framework;
  std::string group;
  std::string timeout;
  std::string slow;
  std::string grace;
  std::string list_timeout;
  std::string retry_on;
  std::string flaky;
  std::string shard;
};

std::chrono::milliseconds duration(const std::string& option, const std::string& text) {
  const auto out = read_duration(text);
  if (!out)
    throw usage_problem(
      option + ": \"" + text +
      "\" is not a duration of at most a day; write it with its unit, such as 250ms, 2s or 5m");
  return *out;
}

void take_duration(const char* option, const std::string& text, std::chrono::milliseconds& to) {
  if (!text.empty())
    to = duration(option, text);
}

unsigned number(std::string_view text) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? out : 0;
}

void take_shard(const std::string& text, test_options& to) {
  if (text.empty())
    return;
  const auto slash = text.find('/');
  to.shard = number(text.substr(0, slash));
  to.shards = slash == std::string::npos ? 0 : number(text.substr(slash + 1));
  if (to.shard == 0 || to.shard > to.shards)
    throw usage_problem("--shard: \"" + text + "\" is not I/N with I from 1 to N, such as 2/5");
}

void take_causes(const std::string& text, test_options& to) {
  if (text.empty())
    return;
  to.retry_causes.clear();
  for (const auto each : split(text, ',')) {
    if (!causes.contains(std::string(each)))
      throw usage_problem("--retry-on: there is no cause \"" + std::string(each) +
                          "\", but failure, crash, timeout, exit and left-behind; what a sanitizer "
                          "reports is never tried again");
    to.retry_causes.emplace(each);
  }
}

void interpret(const texts& from, test_options& to) {
  for (const auto& each : from.positionals)
    (is_file(each) ? to.binaries : to.filters).push_back(each);
  if (!from.framework.empty()) {
    to.of_framework = framework_named(from.framework);
    if (!to.of_framework)
      throw usage_problem("--framework: there is no \"" + from.framework +
                          "\", but gtest, catch2, catch2-3, doctest, boost and plain");
  }
  to.group_suites = from.group == "suite";
  if (!from.timeout.empty())
    to.timeout = duration("--timeout", from.timeout);
  if (!from.slow.empty())
    to.slow = duration("--slow", from.slow);
  take_duration("--grace", from.grace, to.grace);
  take_duration("--list-timeout", from.list_timeout, to.list_timeout);
  take_shard(from.shard, to);
  take_causes(from.retry_on, to);
  to.flaky_fails = from.flaky == "fail";
  if (to.binaries.empty() && to.ctest_folder.empty())
    throw usage_problem(
      from.positionals.empty()
        ? "name the binaries to test, or a build folder with --ctest; `troupe test --help` says "
          "more"
        : "\"" + from.positionals.front() + "\" is not a file; `troupe test --help` says more");
}

void declare(CLI::App& app, test_options& to, texts& words) {
  app
    .add_option(
      "tests", words.positionals, "Binaries, and filters such as 'suite(net) and not tag(slow)'")
    ->type_name("BINARY...|FILTER...");
  app
    .add_option(
      "--ctest", to.ctest_folder, "Run the tests of a build folder of CMake, with their properties")
    ->type_name("DIR");
  app
    .add_option("--framework", words.framework,
      "gtest, catch2, catch2-3, doctest, boost or plain, instead of what the files say")
    ->type_name("NAME");
  app.add_flag("--list", to.list, "Print the tests, and run none");
  app.add_flag("-v,--verbose", to.verbose, "Name tests that pass, too");

  app.add_option("-j,--jobs", to.jobs, "Processes at once; as many as usable CPUs without it")
    ->type_name("N")
    ->check(CLI::Range(1, 1024))
    ->group("How they run");
  app.add_option("--group", words.group, "One process for each suite, not for each test")
    ->type_name("suite")
    ->check(CLI::IsMember({"suite"}))
    ->group("How they run");
  app
    .add_flag(
      "--no-fork", to.no_fork, "Execute programs for each process, also those that can fork tests")
    ->group("How they run");
  app.add_option("--timeout", words.timeout, "Time that a test may take (60s)")
    ->type_name("TIME")
    ->group("How they run");
  app.add_option("--slow", words.slow, "A test is named after each such time (10s)")
    ->type_name("TIME")
    ->group("How they run");
  app.add_option("--grace", words.grace, "Time from SIGTERM to SIGKILL (2s)")
    ->type_name("TIME")
    ->group("How they run");
  app
    .add_option(
      "--list-timeout", words.list_timeout, "Time that a binary may take to list its tests (60s)")
    ->type_name("TIME")
    ->group("How they run");
  app.add_option("--settings", to.settings, "A TOML file with settings by pattern")
    ->type_name("FILE")
    ->group("How they run");

  app.add_option("--retries", to.retries, "Run a test that failed up to N times more")
    ->type_name("N")
    ->check(CLI::Range(0, 100))
    ->group("Failures");
  app
    .add_option(
      "--retry-on", words.retry_on, "Only after: failure, crash, timeout, exit, left-behind")
    ->type_name("CAUSE,...")
    ->group("Failures");
  app
    .add_option(
      "--flaky", words.flaky, "What passes only when it is run again counts as: pass, fail")
    ->type_name("pass|fail")
    ->check(CLI::IsMember({"pass", "fail"}))
    ->group("Failures");
  app.add_option("--repeat", to.repeat, "Run each test N times")
    ->type_name("N")
    ->check(CLI::Range(1, 100'000))
    ->group("Failures");
  app.add_flag("--until-fail", to.until_fail, "Start nothing after the first failure")
    ->group("Failures");
  app.add_flag("--rerun", to.rerun, "Only what failed or did not run the last time, or is new")
    ->group("Failures");
  app.add_option("--shard", words.shard, "The Ith of N parts of the tests")
    ->type_name("I/N")
    ->group("Failures");
  app.add_option("--debug", to.debugger, "Run the one test that matches in gdb, rr or valgrind")
    ->type_name("gdb|rr|valgrind")
    ->check(CLI::IsMember({"gdb", "rr", "valgrind"}))
    ->group("Failures");

  app.add_option("--junit", to.junit, "Write a JUnit file")->type_name("FILE")->group("Reports");
  app.add_option("--json", to.json, "Write a JSON file")->type_name("FILE")->group("Reports");
  app
    .add_option("--history", to.history,
      "Where earlier results and durations are kept; in the user's cache without it")
    ->type_name("FILE")
    ->group("Reports");
  app.footer(
    "Exit codes: 0 all passed, 1 some failed, 2 wrong usage, 3 stopped early, 4 nothing matched,\n"
    "5 a list of tests could not be had or a report not written, 128 + N ended by signal N.\n"
    "Arguments after -- are given to the binaries.");
}

} // namespace

test_options read_options(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  test_options out;
  if (end != arguments.end())
    out.arguments.assign(end + 1, arguments.end());
  texts words;
  CLI::App app("Runs the tests of GoogleTest, Catch2, doctest and Boost.Test binaries, and plain "
               "programs, each in a "
               "process of its own",
    "troupe test");
  declare(app, out, words);
  std::vector<std::string> own(std::make_reverse_iterator(end), arguments.rend());
  try {
    app.parse(own); // which takes them from the end
  } catch (const CLI::CallForHelp&) {
    out.help = true;
    out.help_text = app.help();
    return out;
  } catch (const CLI::ParseError& e) {
    throw usage_problem(std::string(e.what()) + "; `troupe test --help` says more");
  }
  interpret(words, out);
  return out;
}

} // namespace troupe_cli::test
