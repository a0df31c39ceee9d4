#include "jobs/file_arguments.hpp"

#include "exit_code.hpp"
#include "text/terminal_text.hpp"
#include "trace/trace_file.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace troupe_cli {

namespace {

void add_file(CLI::App& app, file_arguments& to, bool required) {
  app.add_option("FILE", to.file.file, "The TOML file with pools, jobs and modules")
    ->required(required);
  app
    .add_option("--set", to.file.assignments,
      "A value that goes before the file and the environment: pool.web.processes=4")
    ->type_name("KEY=VALUE")
    ->expected(1)
    ->take_all();
}

std::variant<file_arguments, int> parse(
  CLI::App& app, const file_arguments& to, const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
    return to;
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::cerr << app.get_name() << ": " << text::printable(e.what()) << "; `" << app.get_name()
              << " --help` says more\n";
    return static_cast<int>(exit_code::usage);
  }
}

} // namespace

std::variant<file_arguments, int> read_check_arguments(const std::vector<std::string>& arguments) {
  CLI::App app(
    "Says what is wrong with a file of pools, jobs and modules, all of it at once. Modules "
    "are loaded in processes of their own to see what tasks they have; nothing else is "
    "started. Without a file: what this machine offers.",
    "troupe check");
  file_arguments to;
  add_file(app, to, false);
  app.add_flag("--print", to.print,
    "Also print what is in force and where each value comes from, and what this machine offers");
  return parse(app, to, arguments);
}

std::variant<file_arguments, int> read_run_arguments(const std::vector<std::string>& arguments) {
  CLI::App app(
    "Runs the jobs of a file. The first Ctrl-C reads no more input and finishes what has "
    "begun, the second ends everything. SIGHUP reads the file again.",
    "troupe run");
  file_arguments to;
  add_file(app, to, true);
  app
    .add_option("--trace", to.trace,
      "Write a trace of what ran when to this file, for https://ui.perfetto.dev")
    ->type_name("FILE")
    ->check(check_file_name);
  app.add_option(
    "JOB", to.jobs, "The jobs to run, with those that they need; all if none is named");
  auto* const journal = app.add_option("--journal", to.journal,
    "Notes each item, how it ended, and its result, in a file, with which --resume goes on");
  journal->type_name("FILE");
  auto* const resume = app.add_flag("--resume", to.resume,
    "Goes on with the journal of a run that was ended, in whatever way: what has ended is not run "
    "again");
  auto* const retry =
    app.add_flag("--retry-failed", to.retry_failed, "--resume, and runs again what has failed");
  resume->needs(journal);
  retry->needs(journal);
  return parse(app, to, arguments);
}

} // namespace troupe_cli
