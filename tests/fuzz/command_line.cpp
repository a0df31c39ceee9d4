// Whatever stands behind `troupe VERB`: it is accepted, or the exit code or a problem says that it is wrong. What is printed
// harms no terminal. The first line is the verb, each further one an argument.
#include "each/options.hpp"
#include "fuzz/target.hpp"
#include "fuzz/text_file.hpp"
#include "jobs/file_arguments.hpp"
#include "problems.hpp"
#include "test/options.hpp"

#include <iostream>
#include <sstream>

using namespace troupe::fuzz;

namespace {

// What is printed meanwhile.
class captured_output {
public:
  captured_output()
    : out_(std::cout.rdbuf(text_.rdbuf()))
    , err_(std::cerr.rdbuf(text_.rdbuf())) {}
  captured_output(const captured_output&) = delete;
  ~captured_output() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
  }
  std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::streambuf* out_;
  std::streambuf* err_;
};

void read_arguments(const std::string& verb, const std::vector<std::string>& arguments) {
  if (verb == "each")
    troupe_cli::read_each_options(arguments);
  else if (verb == "run")
    troupe_cli::read_run_arguments(arguments);
  else if (verb == "check")
    troupe_cli::read_check_arguments(arguments);
  else if (verb == "test")
    troupe_cli::test::read_options(arguments);
}

void check_text(const std::string& text) {
  if (is_printable(text))
    return;
  std::fprintf(stderr, "what is printed could harm a terminal\n");
  std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data), size));
  std::string verb;
  std::getline(lines, verb);
  std::vector<std::string> arguments;
  for (std::string line; std::getline(lines, line);)
    if (line.find('\0') == std::string::npos) // no argument can have that
      arguments.push_back(line);
  const captured_output printed;
  try {
    read_arguments(verb, arguments);
  } catch (const troupe_cli::usage_problem&) { // whoever prints it makes it printable
  } catch (const troupe_cli::broken_problem&) {
  }
  check_text(printed.text());
  return 0;
}
