// The command `troupe`: its first argument is a verb, and each verb has a folder here.
#include "check/check.hpp"
#include "each/each.hpp"
#include "exit_code.hpp"
#include "journal/log.hpp"
#include "run/run.hpp"
#include "test/test_verb.hpp"
#include "top/top.hpp"
#include "verb.hpp"

#include "text/terminal_text.hpp"

#include <troupe/child_entry.hpp>
#include <troupe/version.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using troupe_cli::exit_code;
using troupe_cli::verb;

const std::vector<verb>& verbs() {
  static const std::vector<verb> all{
    {"each", "run a command for each input, many at once", troupe_cli::run_each},
    {"run", "run the jobs of a file on its pools", troupe_cli::run_jobs},
    {"test", "run test cases, each in a process of its own", troupe_cli::run_test_verb},
    troupe_cli::top_verb(),
    {"log", "show what `each` has noted in a journal", troupe_cli::run_log},
    {"check", "say what is wrong with a file, and what this machine offers", troupe_cli::check},
  };
  return all;
}

void print_help(std::ostream& out) {
  out
    << "Runs work on a pool of supervised processes\n\nUsage: troupe VERB [ARGUMENTS]\n\nVerbs:\n";
  for (const auto& each : verbs())
    out << "  " << each.name << std::string(8 - std::string_view(each.name).size(), ' ')
        << each.summary << '\n';
  out << "\ntroupe VERB --help says more. Exit codes: 0 all is well, 1 something failed, 2 wrong "
         "usage or configuration,\n"
         "3 stopped early, 4 nothing matched, 5 troupe itself failed, 128 + N ended by signal N.\n";
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_help(std::cerr);
    return static_cast<int>(exit_code::usage);
  }
  const auto& first = arguments.front();
  if (first == "--help" || first == "-h") {
    print_help(std::cout);
    return static_cast<int>(exit_code::ok);
  }
  if (first == "--version") {
    std::cout << "troupe " << TROUPE_VERSION_STRING << '\n';
    return static_cast<int>(exit_code::ok);
  }
  const auto found = std::ranges::find(verbs(), first, &verb::name);
  if (found == verbs().end()) {
    std::cerr << "troupe: there is no verb \"" << text::printable(first)
              << "\"; `troupe --help` lists them\n";
    return static_cast<int>(exit_code::usage);
  }
  return found->run({arguments.begin() + 1, arguments.end()});
}

} // namespace

int main(int argc, char** argv) {
  troupe::child_entry(argc, argv);
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << "troupe: " << text::printable(e.what()) << '\n';
    return static_cast<int>(exit_code::broken);
  }
}
