#include "each/options.hpp"

#include "each/units.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"
#include "trace/trace_file.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>

namespace troupe_cli {
namespace {

/// The command line in its three parts.
struct parts {
  std::vector<std::string> options;
  std::vector<std::string> command;
  std::optional<std::vector<std::string>> inputs;
};

parts split(const std::vector<std::string>& arguments) {
  parts out;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  // Without a command, inputs may follow the options at once.
  const auto inputs = std::find(arguments.begin(), dashes, ":::");
  out.options.assign(arguments.begin(), inputs);
  if (inputs != dashes) {
    out.inputs.emplace(inputs + 1, arguments.end());
    return out;
  }
  if (dashes == arguments.end())
    return out;
  const auto colons = std::find(dashes + 1, arguments.end(), ":::");
  out.command.assign(dashes + 1, colons);
  if (colons != arguments.end())
    out.inputs.emplace(colons + 1, arguments.end());
  return out;
}

template <class Value, class Parse>
auto reads(const char* name, Value& into, Parse parse, const char* what) {
  return [name, &into, parse, what](const std::string& text) {
    const auto value = parse(text);
    if (!value)
      throw usage_problem(std::string(name) + ": \"" + text::printable(text) + "\" is not " + what);
    into = static_cast<Value>(*value);
  };
}

/// What CLI11 writes to, before it is checked.
struct raw {
  bool zero = false;
  bool shell = false;
};

class command_line {
public:
  command_line() {
    app_.option_defaults()->take_last();
    app_.footer(
      "Placeholders: {} the input, {.} without extension, {/} without directory, {//} its "
      "directory,\n{/.} its name without both, {#} its number, {%} the slot. Without any, "
      "the input is appended.");
    add_inputs();
    add_amounts();
    add_failures();
    add_output();
    add_journal();
  }

  std::optional<int> parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      std::cout << app_.help();
      return 0;
    } catch (const CLI::ParseError& error) {
      throw usage_problem(error.what());
    }
    return std::nullopt;
  }

  each_options options;
  raw given;

private:
  void add_inputs() {
    app_.add_option("-a,--arg-file", options.input_file, "Read the inputs from this file")
      ->type_name("FILE");
    app_
      .add_option("--task", options.task,
        "Call a task of a module for each input, instead of a command, and print the results")
      ->type_name("MODULE:NAME");
    app_.add_flag("-0,--null", given.zero, "Inputs end with a zero byte instead of a line's end");
    app_.add_flag("--shell", given.shell, "The command is a line for /bin/sh; inputs are quoted");
    app_
      .add_option("--env", options.environment,
        "A variable that the command gets, or that counts as part of it in the journal")
      ->type_name("NAME[=VALUE]")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
    app_.add_flag("--dry-run", options.dry_run, "Print the commands, and run none");
  }

  void add_amounts() {
    app_.add_option("-j,--jobs", options.jobs, "Commands at once; as many as CPUs by default")
      ->type_name("N")
      ->check(CLI::Range(1, 16'384));
    app_
      .add_option(
        "--concurrency", options.concurrency, "Of these, those that one child looks after")
      ->type_name("N")
      ->check(CLI::Range(1, 16'384));
    time("--delay", options.delay, "Time between two starts");
    app_.add_option("--load", options.load, "Start nothing while the load is as high as this")
      ->type_name("X")
      ->check(CLI::Range(0.01, 1e6));
    size("--memfree", options.memfree,
      "Start nothing while less memory is free; below half of it the youngest is ended, to be run "
      "again");
  }

  void add_failures() {
    time("--timeout", options.timeout, "Time that one attempt may take");
    time("--grace", options.grace, "Time between SIGTERM and SIGKILL; 2s by default");
    app_
      .add_option_function<std::string>(
        "--retries",
        [this](const std::string& text) { options.retries = retry_rules::parse(text); },
        "Try again so often; by cause: timeout=2,exit:75=5, of exit, exit:CODE, signal, timeout, "
        "start, lost")
      ->type_name("RULES");
    app_
      .add_option_function<std::string>(
        "--halt", [this](const std::string& text) { options.halt = halt_rule::parse(text); },
        "Stop when so many have failed: soon,fail=1 or now,fail=10%")
      ->type_name("RULE");
    auto& limits = options.limits;
    size("--limit-memory", limits.address_space, "Address space of a command");
    time("--limit-cpu", limits.cpu_time, "CPU time of each process of a command");
    size("--limit-file-size", limits.file_size, "Size of a file that a command writes");
    app_.add_option("--limit-files", limits.open_files, "Files that a command has open")
      ->type_name("N")
      ->check(CLI::Range(3, 1 << 30));
    app_.add_option("--nice", limits.nice, "Added to the nice value of commands")
      ->type_name("N")
      ->check(CLI::Range(0, 39));
  }

  void add_output() {
    app_.add_flag("-k,--keep-order", options.keep_order, "Outputs in the order of the inputs");
    app_.add_flag("--tag", options.tag, "Begin each line of output with the input and a tab");
    app_.add_flag("-u,--ungroup", options.ungroup, "Commands write at once, and mix their lines");
    app_
      .add_option("--output-dir", options.output_dir,
        "Write the outputs to NUMBER.out and NUMBER.err in this folder")
      ->type_name("DIR");
    app_
      .add_option("--spool", options.spool,
        "Where outputs and temporary folders lie meanwhile; in TMPDIR by default")
      ->type_name("DIR");
    app_
      .add_option("--trace", options.trace,
        "Write a trace of what ran when to this file, for https://ui.perfetto.dev")
      ->type_name("FILE")
      ->check(check_file_name);
    app_.add_flag("-q,--quiet", options.quiet, "No progress, and no line for each failure");
  }

  void add_journal() {
    app_
      .add_option(
        "--journal", options.journal, "Note each attempt in this file; `troupe log` shows it")
      ->type_name("FILE");
    app_.add_flag("--resume", options.resume, "Go on with the journal: run what has not ended yet");
    app_.add_flag(
      "--retry-failed", options.retry_failed, "As --resume, and run again what has failed");
    app_.add_flag("--longest-first", options.longest_first,
      "Begin with what took longest according to the journal; reads all inputs first");
  }

  void time(const char* name, std::chrono::milliseconds& into, const char* help) {
    app_
      .add_option_function<std::string>(name,
        reads(name, into, parse_duration, "a time with its unit, such as 500ms, 2s, 5m, 1h"), help)
      ->type_name("TIME");
  }

  void size(const char* name, std::size_t& into, const char* help) {
    app_
      .add_option_function<std::string>(
        name, reads(name, into, parse_size, "a size with its unit, such as 512MiB, 2GB"), help)
      ->type_name("SIZE");
  }

  CLI::App app_{"Runs a command for each input, many at once\n", "troupe each"};
};

void refuse(bool wrong, const char* text) {
  if (wrong)
    throw usage_problem(text);
}

// What a task cannot have yet, or has no use for.
void check_task(const each_options& options, const std::vector<std::string>& command, bool shell) {
  refuse(!command.empty(), "--task takes the place of a command: leave one out");
  refuse(options.memfree != 0 || options.load != 0 || options.delay.count() != 0 ||
           options.longest_first || options.keep_order || options.tag || options.ungroup ||
           !options.output_dir.empty() || !options.spool.empty() || !options.environment.empty() ||
           options.dry_run || shell || !options.retries.empty() ||
           options.halt.how() != halt_rule::manner::never,
    "--task can be had with -a, -0, \":::\", -j, --concurrency, --timeout, --quiet, --journal, "
    "--resume, --retry-failed and --trace, and with no other option");
}

// Options that contradict each other.
void check(const each_options& options) {
  refuse(options.arguments && !options.input_file.empty(),
    "-a and \":::\" both name inputs: leave one out");
  refuse(
    (options.resume || options.retry_failed || options.longest_first) && options.journal.empty(),
    "--resume, --retry-failed and --longest-first need the journal: name it with --journal FILE");
  refuse(options.ungroup && (options.keep_order || options.tag || !options.output_dir.empty()),
    "--ungroup lets commands write themselves: it cannot be had with --keep-order, --tag or "
    "--output-dir");
  refuse(!options.output_dir.empty() && (options.keep_order || options.tag),
    "--output-dir gives each output a file: it cannot be had with --keep-order or --tag");
  refuse(options.dry_run && !options.trace.empty(),
    "--dry-run runs nothing, so there is nothing to --trace: leave one out");
  refuse(options.longest_first && options.keep_order,
    "--longest-first and --keep-order ask for different orders: leave one out");
  refuse(options.jobs != 0 && options.concurrency != 0 && options.jobs % options.concurrency != 0,
    "-j must be a multiple of --concurrency, so that each child looks after the same number");
  for (const auto& variable : options.environment)
    refuse(variable.empty() || variable.front() == '=',
      "--env: a variable has a name, as in --env LANG=C");
}

} // namespace

std::variant<each_options, int> read_each_options(const std::vector<std::string>& arguments) {
  auto [options, command, inputs] = split(arguments);
  command_line line;
  if (const auto code = line.parse(std::move(options)))
    return *code;
  auto& out = line.options;
  if (!out.task.empty())
    check_task(out, command, line.given.shell);
  else if (command.empty())
    throw usage_problem(
      "there is no command: write it after \"--\", as in: troupe each -- gzip -9 {}");
  if (out.task.empty())
    out.command = make_template(std::move(command), line.given.shell);
  out.arguments = std::move(inputs);
  out.delimiter = line.given.zero ? '\0' : '\n';
  out.resume = out.resume || out.retry_failed;
  check(out);
  return std::move(out);
}

} // namespace troupe_cli
