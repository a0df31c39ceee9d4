#include "os/command_line.hpp"

#include <fstream>

namespace troupe::os {

std::vector<std::string> command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary); // each argument ends with a zero byte
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');)
    arguments.push_back(argument);
  return arguments;
}

} // namespace troupe::os
