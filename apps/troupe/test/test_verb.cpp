#include "test/test_verb.hpp"

#include "test/ctest_folder.hpp"
#include "test/json_report.hpp"
#include "test/junit.hpp"
#include "test/listing.hpp"
#include "test/options.hpp"
#include "test/recognition.hpp"
#include "test/selection.hpp"
#include "test/temporary_folder.hpp"
#include "test/terminal_report.hpp"
#include "test/test_pool.hpp"
#include "test/whole_file.hpp"

#include "command/descendants.hpp"
#include "exit_code.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <troupe/cpus.hpp>
#include <troupe/errors.hpp>

#include <algorithm>
#include <iostream>
#include <map>

#include <unistd.h>

namespace troupe_cli {
namespace test {
namespace {

constexpr std::size_t largest_list = std::size_t{256} * 1024 * 1024;

int code(exit_code of) {
  return static_cast<int>(of);
}

int complain(const std::string& problem, exit_code of) {
  std::size_t at = 0;
  while (at <= problem.size()) {
    const auto end = std::min(problem.find('\n', at), problem.size());
    std::cerr << "troupe test: " << text::printable(problem.substr(at, end - at)) << '\n';
    at = end + 1;
  }
  return code(of);
}

settings_file settings_of(const test_options& options) {
  if (options.settings.empty())
    return {};
  try {
    return read_settings(options.settings);
  } catch (const troupe::config_error& e) {
    throw usage_problem(e.what());
  }
}

int print_list(const plan& what) {
  for (const auto& each : what.tests)
    std::cout << text::printable(what.title(each)) << (each.what.disabled ? " (disabled)" : "")
              << '\n';
  return code(exit_code::ok);
}

/// Becomes the debugger of the one test that is selected.
int debug(const plan& what, const std::string& debugger) {
  if (what.tests.size() != 1)
    return complain("--debug wants one test, and " + std::to_string(what.tests.size()) +
                      " match; `troupe test --list` names them",
      exit_code::usage);
  std::vector<std::string> argv{debugger};
  if (debugger == "gdb")
    argv.emplace_back("--args");
  else if (debugger == "rr")
    argv.emplace_back("record");
  const auto line = rerun_line(what, what.tests.front());
  argv.insert(argv.end(), line.begin(), line.end());
  for (const auto& each : what.tests.front().settings.environment)
    ::putenv(const_cast<char*>(each.c_str())); // which lives until the process is another program
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (auto& each : argv)
    pointers.push_back(each.data());
  pointers.push_back(nullptr);
  ::execvp(pointers.front(), pointers.data());
  return complain("\"" + debugger + "\" cannot be started: it is not installed, or not in PATH",
    exit_code::broken);
}

/// The command before or after the tests. Returns what is wrong, or nothing.
std::string run_command_of(test_pool& pool, const std::vector<std::string>& argv, const char* what,
  const std::string& folder) {
  if (argv.empty())
    return {};
  process_order order;
  order.what.argv = argv;
  order.folder = folder + '/' + what;
  order.trace_from_start = false;
  order.linger = std::chrono::milliseconds(0);
  const auto end = pool.run_each({order}).front();
  if (end.end.ok())
    return {};
  return std::string(what) + " \"" + argv.front() + "\": " + describe(end.end) +
         (end.output.empty() ? "" : "; it wrote: " + end.output.substr(0, 1000));
}

/// A report that cannot be written is named, and the other one is written nonetheless.
bool write_report(
  const std::string& path, std::string (*text)(const results&), const results& all) {
  if (path.empty())
    return true;
  try {
    write_whole_file(path, text(all));
    return true;
  } catch (const std::exception& e) {
    complain(e.what(), exit_code::broken);
    return false;
  }
}

class verb_run {
public:
  explicit verb_run(test_options options)
    : options_(std::move(options))
    , history_file_(options_.history.empty() ? default_history_file() : options_.history)
    , history_(read_whole_file(history_file_)) {}

  int run() {
    const auto settings = settings_of(options_);
    plan_.programs = programs_of(options_);
    for (const auto& each : plan_.programs)
      stamps_[each.path] = stamp_of(each.path);
    const auto width =
      options_.jobs > 0 ? options_.jobs : static_cast<unsigned>(troupe::usable_cpus());
    { // both are gone before this process becomes a debugger
      const temporary_folder folder;
      test_pool pool(width, options_.grace);
      plan_.tests = list_tests(pool, plan_.programs, options_, folder.path());
      add_tests_of_ctest(pool, folder.path());
      select_tests(plan_, options_, settings, history_);
      if (plan_.tests.empty())
        return complain("no test matches", exit_code::nothing);
      if (!options_.list && options_.debugger.empty())
        return run_tests(pool, settings, width, folder.path());
    }
    return options_.list ? print_list(plan_) : debug(plan_, options_.debugger);
  }

private:
  void add_tests_of_ctest(test_pool& pool, const std::string& folder) {
    if (options_.ctest_folder.empty())
      return;
    process_order order;
    order.what.argv = {"ctest", "--show-only=json-v1"};
    order.what.directory = options_.ctest_folder;
    order.folder = folder + "/ctest";
    order.timeout = options_.list_timeout;
    order.kept_output = largest_list;
    order.trace_from_start = false;
    const auto end = pool.run_each({order}).front();
    if (!end.end.ok())
      throw broken_problem("\"" + options_.ctest_folder + "\": ctest cannot list its tests: " +
                           describe(end.end) + "; it wrote: " + end.output.substr(0, 300));
    const auto first = plan_.programs.size();
    try {
      const auto begin =
        std::min(end.output.find('{'), end.output.size()); // warnings may stand before it
      add_ctest_tests(std::string_view(end.output).substr(begin), plan_);
    } catch (const std::runtime_error& e) {
      throw broken_problem("\"" + options_.ctest_folder + "\": " + e.what());
    }
    std::map<std::string, bool> sanitized; // one file often has hundreds of tests
    for (auto i = first; i < plan_.programs.size(); ++i) {
      auto& each = plan_.programs[i];
      const auto [known, is_new] = sanitized.try_emplace(each.path, false);
      if (is_new) {
        known->second = recognise(each.path).sanitized;
        stamps_[each.path] = stamp_of(each.path);
      }
      each.sanitized = known->second;
    }
  }

  int run_tests(
    test_pool& pool, const settings_file& settings, unsigned width, const std::string& folder) {
    terminal_report report(std::cout, plan_, options_.verbose);
    run_options how;
    how.width = width;
    how.group_suites = options_.group_suites;
    how.until_fail = options_.until_fail;
    how.forks = !options_.no_fork;
    how.folder = folder;
    how.grace = options_.grace;
    how.retry_causes = options_.retry_causes;
    run_state state(plan_, how, report);
    const auto began = std::chrono::steady_clock::now();
    const auto began_at = std::chrono::system_clock::now();
    auto problem = run_command_of(pool, settings.setup, "setup", folder);
    const bool ready = problem.empty();
    std::vector<std::string> problems;
    if (!ready)
      problems.push_back(std::move(problem));
    const int signal = ready ? pool.run(state, std::cerr) : 0;
    if (auto after = run_command_of(pool, settings.teardown, "teardown", folder); !after.empty())
      problems.push_back(std::move(after));
    const bool stopped = state.stopped();
    auto all = state.take_results();
    all.problems.insert(all.problems.end(), problems.begin(), problems.end());
    add_replaced_programs(all.problems);
    all.began = began_at;
    all.time = std::chrono::steady_clock::now() - began;
    report.sum_up(all, options_.flaky_fails);
    const bool printed = static_cast<bool>(std::cout.flush());
    if (!printed)
      complain("cannot write the results to standard output: it is closed, or its disk is full",
        exit_code::broken);
    const bool written = write_reports(all) && printed;
    return exit_code_of(all, signal, stopped, written);
  }

  /// What tests of such a program have shown is of two programs, and what they lacked may be in the other one.
  void add_replaced_programs(std::vector<std::string>& problems) const {
    for (const auto& [path, stamp] : stamps_)
      if (stamp_of(path) != stamp)
        problems.push_back(
          "\"" + path + "\" was replaced or removed while its tests ran: run them again");
  }

  bool write_reports(const results& all) {
    bool well = write_report(options_.junit, junit_text, all);
    well = write_report(options_.json, json_text, all) && well;
    history_.add(all);
    try {
      if (!history_file_.empty())
        write_whole_file(history_file_, history_.text());
    } catch (const std::exception& e) {
      complain(e.what(), exit_code::broken);
      well = well && options_.history.empty();
    }
    return well;
  }

  int exit_code_of(const results& all, int signal, bool stopped, bool written) const {
    const auto numbers = count(all);
    if (signal != 0)
      return 128 + signal;
    if (!written)
      return code(exit_code::broken);
    if (numbers.failed > 0 || !all.problems.empty() || (options_.flaky_fails && numbers.flaky > 0))
      return code(exit_code::failed);
    return code(stopped ? exit_code::stopped : exit_code::ok);
  }

  test_options options_;
  std::string history_file_;
  history history_;
  plan plan_;
  std::map<std::string, std::string>
    stamps_; // of the files of programs, from before they were asked for their tests
};

} // namespace
} // namespace test

int run_test_verb(const std::vector<std::string>& arguments) {
  try {
    auto options = test::read_options(arguments);
    if (options.help) {
      std::cout << options.help_text;
      return test::code(exit_code::ok);
    }
    check_processes_are_seen();
    return test::verb_run(std::move(options)).run();
  } catch (const usage_problem& e) {
    return test::complain(e.what(), exit_code::usage);
  } catch (const broken_problem& e) {
    return test::complain(e.what(), exit_code::broken);
  }
}

} // namespace troupe_cli
