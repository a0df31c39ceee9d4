#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace bench {

namespace {

constexpr int usage_error = 2;

void add_options(CLI::App& app, command_line& line) {
  app.add_option("--rounds", line.with.rounds, "Runs of each, turn and turn about")
    ->check(CLI::Range(1, 1000))
    ->capture_default_str();
  app
    .add_option(
      "--count", line.with.count, "Tasks, items or deaths, instead of each workload's own number")
    ->check(CLI::Range(1L, 10'000'000'000L));
  app
    .add_option(
      "--window", line.with.window, "Tasks outstanding, of the workload tasks, instead of several")
    ->check(CLI::Range(1L, 1'000'000L));
  app.add_flag(
    "--compare", line.with.compare, "Measure the baselines as well, in the same minutes");
  app.add_flag("--small", line.with.small, "Sizes that take seconds, to try it out");
  app.add_flag("--json", line.json, "Print JSON instead of tables");
  app.add_option("--plot", line.plot_file, "Draw the medians into this SVG file, with gnuplot")
    ->type_name("FILE");
}

std::string names_of_workloads() {
  std::string names;
  for (const auto& each : all_workloads())
    names += (names.empty() ? "" : ", ") + std::string(each.name);
  return names;
}

} // namespace

std::variant<command_line, int> read_command_line(int argc, char** argv) {
  CLI::App app(
    "Measures troupe, and what it can be compared with, on this machine", "troupe-bench");
  app.footer(
    "Without a workload, a short selection runs. Several workloads run one after the other.");
  app.fallthrough();
  command_line line;
  add_options(app, line);
  for (const auto& each : all_workloads())
    app.add_subcommand(each.name, each.summary)->group("Workloads")->fallthrough();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError& e) {
    std::fprintf(stderr, "troupe-bench: %s\nThe workloads are %s; --help shows the options.\n",
      e.what(), names_of_workloads().c_str());
    return usage_error;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : usage_error;
  }
  for (const auto* sub : app.get_subcommands()) // those that were given, in that order
    for (const auto& each : all_workloads())
      if (sub->get_name() == each.name)
        line.workloads.push_back(&each);
  line.with.brief = line.workloads.empty();
  if (line.with.brief)
    for (const auto& each : all_workloads())
      if (each.in_selection)
        line.workloads.push_back(&each);
  return line;
}

} // namespace bench
