#include "os/process_state.hpp"

#include <fstream>
#include <string>

#include <unistd.h>

namespace troupe::os {

process_state look_at_process(pid_t pid) {
  process_state result;
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  char letter = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("State:")) {
      const auto at = line.find_first_not_of(" \t", 6);
      letter = at == std::string::npos ? '\0' : line[at];
    } else if (line.starts_with("TracerPid:")) {
      const auto at = line.find_first_not_of(" \t", 10);
      result.traced = at != std::string::npos && line[at] != '0';
    }
  }
  result.stopped = letter == 'T';
  result.runs = letter != 'S' && letter != 'T';
  return result;
}

std::size_t resident_memory(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  if (!(file >> all >> resident))
    return 0;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace troupe::os
