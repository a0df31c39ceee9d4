#include "journal/log.hpp"

#include "exit_code.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>

namespace troupe_cli {

int run_log(const std::vector<std::string>& arguments) {
  log_options options;
  CLI::App app{"Shows the attempts in a journal of `troupe each`\n", "troupe log"};
  app.add_option("FILE", options.file, "The journal")->required();
  app.add_flag("--failed", options.failed, "Only inputs that have failed at last");
  app.add_option("--slowest", options.slowest, "The N that took longest, those first")
    ->type_name("N")
    ->check(CLI::Range(1, 1'000'000'000));
  app.add_flag("--json", options.json, "An object of JSON a line, for other programs");
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return static_cast<int>(exit_code::ok);
  } catch (const CLI::ParseError& error) {
    std::cerr << "troupe log: " << text::printable(error.what()) << '\n';
    return static_cast<int>(exit_code::usage);
  }
  try {
    return static_cast<int>(print_log(options) == 0 ? exit_code::nothing : exit_code::ok);
  } catch (const broken_problem& problem) {
    std::cerr << "troupe log: " << problem.what() << '\n';
    return static_cast<int>(exit_code::broken);
  }
}

} // namespace troupe_cli
