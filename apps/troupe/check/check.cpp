#include "check/check.hpp"

#include "check/machine.hpp"
#include "exit_code.hpp"
#include "jobs/file_arguments.hpp"
#include "text/terminal_text.hpp"

#include <troupe/runtime.hpp>

#include <iostream>

namespace troupe_cli {

namespace {

// A value and behind it where it comes from: what is printed can be read as a file again.
void print_entries(const job_file& file, std::ostream& out) {
  for (const auto& entry : file.config.entries())
    out << text::printable(entry.key) << " = " << text::printable(entry.value) << "  # "
        << text::printable(entry.origin) << '\n';
}

void print_modules(const job_file& file, std::ostream& out) {
  for (const auto& module : file.modules) {
    out << "# module " << text::printable(module.path) << '\n';
    for (const auto& task : module.tasks)
      out << "#   " << text::printable(task.signature()) << '\n';
  }
}

int end_of_output() {
  std::cout.flush();
  if (std::cout)
    return static_cast<int>(exit_code::ok);
  std::cerr << "troupe check: cannot write to standard output\n";
  return static_cast<int>(exit_code::broken);
}

} // namespace

int check(const std::vector<std::string>& arguments) {
  const auto parsed = read_check_arguments(arguments);
  if (const auto* code = std::get_if<int>(&parsed))
    return *code;
  const auto& given = std::get<file_arguments>(parsed);
  if (given.file.file.empty()) {
    print_machine(std::cout);
    return end_of_output();
  }
  try {
    troupe::runtime rt;
    const auto file = read_job_file(rt, given.file);
    if (given.print) {
      print_entries(file, std::cout);
      print_modules(file, std::cout);
      print_machine(std::cout);
    } else {
      std::cout << summary_of(given.file.file, file) << '\n';
    }
    return end_of_output();
  } catch (const troupe::config_error& problem) {
    std::cerr << problem.what() << '\n';
    return static_cast<int>(exit_code::usage);
  }
}

} // namespace troupe_cli
