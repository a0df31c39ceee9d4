#include "top/top.hpp"

#include "exit_code.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"
#include "top/dashboard.hpp"
#include "top/interactive.hpp"
#include "top/metrics_server.hpp"
#include "top/record_trace.hpp"
#include "top/view.hpp"
#include "top/watched_list.hpp"
#include "trace/trace_file.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe_cli {

namespace {

struct top_options {
  std::string which;
  bool once = false;
  bool json = false;
  double interval = 1;
  int metrics_port = 0; // 0: none
  std::optional<int> dashboard_port;
  std::string trace; // a file; empty: none
};

// Browsers that show a page are no reason to ask a process more often.
constexpr std::chrono::milliseconds least_dashboard_interval{1'000};

int code(exit_code value) {
  return static_cast<int>(value);
}

int nothing_to_watch(const top_options& options, const watched_list& watched) {
  if (!watched.problem().empty())
    std::cerr << "troupe top: " << text::printable(watched.problem()) << '\n';
  else if (options.which.empty())
    std::cerr << "troupe top: there is nothing to watch: a program can be watched if "
                 "runtime_options::control is set, or TROUPE_CONTROL=1 in its environment\n";
  else
    std::cerr
      << "troupe top: no process that can be watched has the pid, the name or a pool named \""
      << text::printable(options.which) << "\"; `troupe top --once` lists them\n";
  return code(exit_code::nothing);
}

int finish_output() {
  std::cout.flush();
  if (std::cout)
    return code(exit_code::ok);
  std::cerr << "troupe top: the output could not be written\n";
  return code(exit_code::broken);
}

int print_json(const watched_list& watched) {
  std::cout << '[';
  const char* separator = "";
  for (const auto& [pid, process] : watched.processes()) {
    std::cout << separator << watched.answer_of(pid);
    separator = ",\n";
  }
  std::cout << "]\n";
  return finish_output();
}

void print(const std::vector<view_line>& lines) {
  for (const auto& line : lines)
    std::cout << line.text << '\n';
}

int print_once(const watched_list& watched) {
  std::vector<process_status> all;
  for (const auto& [pid, process] : watched.processes())
    all.push_back(process.now);
  if (all.size() > 1) {
    print(list_processes(all));
    return finish_output();
  }
  symbols found;
  const auto names = names_of(found);
  view_options options;
  options.with_stacks = true;
  for (std::size_t pool = 0; pool < std::max<std::size_t>(all.front().pools.size(), 1); ++pool) {
    if (pool > 0)
      std::cout << '\n';
    print(show_pool(all.front(), pool, nullptr, options, names));
  }
  return finish_output();
}

int watch(const top_options& options) {
  watched_list watched(options.which);
  if (options.metrics_port != 0)
    return serve_metrics(watched, options.metrics_port);
  watched.look();
  if (watched.processes().empty())
    return nothing_to_watch(options, watched);
  if (!options.trace.empty())
    return record_trace(watched, options.trace);
  if (options.once)
    return options.json ? print_json(watched) : print_once(watched);
  const std::chrono::milliseconds interval(static_cast<long long>(options.interval * 1000));
  if (options.dashboard_port)
    return serve_dashboard(
      watched, *options.dashboard_port, std::max(interval, least_dashboard_interval));
  return watch_on_terminal(watched, interval);
}

int dashboard_port(const std::string& text) {
  if (text.empty())
    return 0;
  int port = -1;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, port);
  if (read.ec != std::errc() || read.ptr != end || port < 0 || port > 65535)
    throw std::runtime_error("--dashboard: \"" + text +
                             "\" is no port, 0 to 65535; what is to be watched stands before "
                             "--dashboard");
  return port;
}

int run_top(const std::vector<std::string>& arguments) {
  top_options options;
  CLI::App app(
    "Shows what the pools of running programs do: their children, tasks, queues and failures.",
    "troupe top");
  app.add_option("WHICH", options.which,
    "the pid or the name of a program, or the name of a pool; without it all that can be watched");
  auto* const once = app.add_flag(
    "--once", options.once, "print one look, and end; of several processes, one line each");
  app
    .add_flag(
      "--json", options.json, "with --once: a JSON array with what each process says of itself")
    ->needs(once);
  app.add_option("--interval", options.interval, "seconds between two looks, 0.1 to 3600 (1)")
    ->check(CLI::Range(0.1, 3600.0));
  app
    .add_option("--metrics", options.metrics_port,
      "serve http://127.0.0.1:PORT/metrics for Prometheus, of the processes that are there at each "
      "request")
    ->check(CLI::Range(1, 65535))
    ->excludes(once);
  std::string port;
  auto* const dashboard = app.add_option("--dashboard", port,
    "serve a page for a browser on 127.0.0.1, and print its address; without PORT, or with 0, at "
    "any free port");
  dashboard->type_name("[PORT]")->expected(0, 1)->excludes(once)->excludes("--metrics");
  app
    .add_option("--trace", options.trace,
      "record what the tasks of one process do in this file, for https://ui.perfetto.dev, until "
      "Ctrl-C or its end")
    ->type_name("FILE")
    ->check(check_file_name)
    ->excludes(once)
    ->excludes("--metrics");
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return finish_output();
  } catch (const CLI::ParseError& e) {
    std::cerr << "troupe top: " << text::printable(e.what()) << "; `troupe top --help` says more\n";
    return code(exit_code::usage);
  }
  try {
    if (dashboard->count() > 0)
      options.dashboard_port = dashboard_port(port);
    return watch(options);
  } catch (const broken_problem& e) {
    std::cerr << "troupe top: " << e.what() << '\n'; // it is printable
    return code(exit_code::broken);
  } catch (const std::runtime_error& e) {
    std::cerr << "troupe top: " << text::printable(e.what()) << '\n';
    return code(exit_code::usage);
  }
}

} // namespace

verb top_verb() {
  return {"top", "show what the pools of running programs do", &run_top};
}

} // namespace troupe_cli
