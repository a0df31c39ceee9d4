#include "os/command_line.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace troupe::os {

namespace {

std::vector<std::string>& replaced() {
  static auto& arguments = *new std::vector<std::string>; // threads may ask while the process ends
  return arguments;
}

} // namespace

void replace_command_line(std::vector<std::string> arguments) {
  replaced() = std::move(arguments);
}

std::vector<std::string> command_line() {
  if (!replaced().empty())
    return replaced();
  std::ifstream file("/proc/self/cmdline", std::ios::binary); // each argument ends with a zero byte
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');)
    arguments.push_back(argument);
  return arguments;
}

std::string program_file() {
  const std::filesystem::path link = "/proc/self/exe";
  std::error_code error;
  const auto path = std::filesystem::read_symlink(link, error); // by valgrind: that of the program
  if (!error && std::filesystem::exists(path, error) &&
      !std::filesystem::equivalent(link, path, error) && !error)
    return path;
  return link;
}

} // namespace troupe::os
