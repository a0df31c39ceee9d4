#include "os/control_groups.hpp"

#include <fstream>

namespace troupe::os {

bool control_group::has(std::string_view controller) const {
  return ("," + controllers + ",").find("," + std::string(controller) + ",") != std::string::npos;
}

std::vector<control_group> read_control_groups(const std::filesystem::path& file) {
  std::vector<control_group> groups;
  std::ifstream lines(file); // "0::/path", and in version 1 "4:cpu,cpuacct:/path"
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second != std::string::npos)
      groups.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return groups;
}

} // namespace troupe::os
