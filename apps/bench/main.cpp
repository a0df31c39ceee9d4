// troupe-bench: what troupe can do on this machine. Each workload is a file in workloads/, each thing that it is
// compared with one in baselines/.
#include "command_line.hpp"
#include "plot.hpp"

#include <troupe/child_entry.hpp>
#include <troupe/cpus.hpp>
#include <troupe/version.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>

namespace {

bench::circumstances circumstances_of(const bench::settings& with) {
  bench::circumstances at{.version = std::to_string(TROUPE_VERSION_MAJOR) + '.' +
                                     std::to_string(TROUPE_VERSION_MINOR) + '.' +
                                     std::to_string(TROUPE_VERSION_PATCH),
    .cpus = troupe::usable_cpus(),
    .rounds = with.rounds};
  if (::getloadavg(&at.load, 1) != 1)
    at.load = -1; // not known
  return at;
}

// Some workloads kill children by the hundred. What troupe says of that is still put into words, as for any program.
void keep_log_from_terminal() {
  spdlog::register_logger(
    std::make_shared<spdlog::logger>("troupe", std::make_shared<spdlog::sinks::null_sink_mt>()));
}

// Pools use `spawn` unless a workload says otherwise. The zygote that forks copies of the program must have been made
// with the runtime; it is there only for the workloads that ask for all methods.
void choose_start_method(
  const bench::command_line& line, std::optional<troupe::runtime>& rt, int argc, char** argv) {
  bool all_methods = false;
  for (const auto* each : line.workloads)
    all_methods = all_methods || (!line.with.brief && each->all_start_methods);
  rt.emplace(argc, argv,
    troupe::runtime_options{
      .start_method = all_methods ? troupe::start_method::fork : troupe::start_method::spawn});
  troupe::set_start_method(troupe::start_method::spawn);
}

void run(troupe::runtime& rt, const bench::command_line& line) {
  const auto at = circumstances_of(line.with);
  bench::benchmark on(rt, line.with, line.json);
  if (!line.json)
    std::printf("troupe %s, %zu usable CPUs, load %.1f; %d runs of each, turn and turn about\n",
      at.version.c_str(), at.cpus, at.load, at.rounds);
  for (const auto* each : line.workloads)
    each->run(on);
  if (line.json)
    std::fputs(bench::as_json(at, on.measured()).c_str(), stdout);
  if (!line.plot_file.empty())
    bench::plot(on.measured(), line.plot_file);
}

} // namespace

int main(int argc, char** argv) {
  troupe::child_entry(argc, argv);
  const auto parsed = bench::read_command_line(argc, argv);
  if (const auto* exit_code = std::get_if<int>(&parsed))
    return *exit_code;
  const auto& line = std::get<bench::command_line>(parsed);
  try {
    if (!line.plot_file.empty())
      bench::check_plot(line.plot_file);
    keep_log_from_terminal();
    std::optional<troupe::runtime> rt;
    choose_start_method(line, rt, argc, argv);
    run(*rt, line);
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "troupe-bench: %s\n", e.what());
    return 1;
  }
}
