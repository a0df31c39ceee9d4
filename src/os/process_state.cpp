#include "os/process_state.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
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

bool is_ending(pid_t pid) {
  constexpr unsigned exiting = 0x4; // PF_EXITING
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')'); // a name may have any character
  if (name_end == std::string::npos)
    return true;
  std::istringstream rest(text.substr(name_end + 1));
  std::string state;
  std::string skipped;
  unsigned flags = 0;
  rest >> state;
  for (int i = 0; i < 5; ++i) // to the ninth field
    rest >> skipped;
  return !(rest >> flags) || state == "Z" || state == "X" || (flags & exiting) != 0;
}

std::chrono::nanoseconds cpu_time_of_first_thread(pid_t pid) {
  const auto number = std::to_string(pid);
  std::ifstream file("/proc/" + number + "/task/" + number + "/schedstat");
  std::int64_t on_cpu = 0;
  file >> on_cpu;
  return std::chrono::nanoseconds(on_cpu);
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
