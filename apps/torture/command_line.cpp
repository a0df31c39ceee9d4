#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <map>

namespace torture {

namespace {

constexpr int usage_error = 2;

void add_options(CLI::App& app, settings& with) {
  static const std::map<std::string, troupe::start_method> methods{
    {"spawn", troupe::start_method::spawn}, {"forkserver", troupe::start_method::forkserver},
    {"fork", troupe::start_method::fork}};
  app.add_option("--tasks", with.tasks, "Tasks, deaths, rounds or parents, whatever is counted")
    ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  app.add_option("--children", with.children, "Children of a pool")->check(CLI::Range(1, 1024));
  app.add_option("--seconds", with.seconds, "Goes on for so long, in rounds")
    ->check(CLI::Range(0.1, 1e6));
  app.add_option("--seed", with.seed, "Of everything that happens at random")
    ->capture_default_str();
  app.add_option("--start", with.start, "How children are started: spawn, forkserver or fork")
    ->transform(CLI::CheckedTransformer(methods));
  app
    .add_option("--patience", with.patience_seconds, "Seconds without any outcome that are a hang")
    ->check(CLI::Range(1.0, 1e6))
    ->capture_default_str();
  app.add_flag("--short", with.brief, "The form that takes seconds");
}

} // namespace

std::variant<command_line, int> read_command_line(
  int argc, char** argv, const std::vector<std::pair<std::string, std::string>>& names) {
  CLI::App app("Shows what troupe promises of faults, by faults. Each sub-command prints one line, "
               "and exits with 1, and a sentence, if a promise is broken.",
    "troupe-torture");
  app.require_subcommand(1);
  app.fallthrough();
  command_line line;
  add_options(app, line.with);
  for (const auto& [name, summary] : names)
    app.add_subcommand(name, summary)->fallthrough();
  auto* const parent = app.add_subcommand("parent")->group("")->fallthrough();
  parent->add_option("state", line.state)->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : usage_error;
  }
  line.name = app.get_subcommands().front()->get_name();
  return line;
}

} // namespace torture
