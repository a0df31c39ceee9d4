#include "descendants.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

namespace torture {

namespace {

constexpr const char* variable = "TROUPE_TORTURE_MARK";

bool has_mark(const std::filesystem::path& process, const std::string& mark) {
  std::ifstream file(process / "environ");
  const std::string environment{
    std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // Each variable ends with a zero byte.
  const auto sought = mark + '\0';
  return environment.starts_with(sought) || environment.find('\0' + sought) != std::string::npos;
}

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
  std::vector<pid_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc", error), end; !error && it != end;
       it.increment(error)) {
    const auto name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos && has_mark(it->path(), mark) &&
        std::stoi(name) != ::getpid())
      found.push_back(static_cast<pid_t>(std::stoi(name)));
  }
  return found;
}

} // namespace torture
