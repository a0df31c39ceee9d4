#include "descendants.hpp"

#include "support/process_list.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace torture {

namespace {

constexpr const char* variable = "TROUPE_TORTURE_MARK";

} // namespace

void mark_this_process(char** argv) {
  if (std::getenv(variable) != nullptr)
    return;
  // The place of the program, not /proc/self/exe itself, which would become the name of the process.
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  ::setenv(variable, std::to_string(::getpid()).c_str(), 1);
  ::execv(program.c_str(), argv);
  std::perror("troupe-torture: cannot execute itself");
  std::_Exit(1);
}

std::string own_mark() {
  return std::string(variable) + '=' + std::getenv(variable);
}

std::vector<pid_t> marked_processes(const std::string& mark) {
  auto found = troupe::test::processes_with(mark);
  std::erase(found, ::getpid());
  return found;
}

} // namespace torture
