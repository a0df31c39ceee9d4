#include "process_status.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

namespace bench {

namespace {

// The number behind `label` in a file of /proc; nothing if a thread has just ended.
double number_in(const std::string& path, const std::string& label) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(label))
      return std::strtod(line.c_str() + label.size(), nullptr);
  return 0;
}

} // namespace

double proportional_memory(pid_t pid) {
  const auto path = "/proc/" + std::to_string(pid) + "/smaps_rollup";
  const double kib = number_in(path, "Pss:");
  if (kib == 0)
    throw std::runtime_error(path + ": has no Pss");
  return kib / 1024;
}

std::uint64_t wake_ups(pid_t pid) {
  std::uint64_t sum = 0;
  const auto own = std::to_string(::gettid());
  for (const auto& thread :
    std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
    if (thread.path().filename() != own)
      sum +=
        static_cast<std::uint64_t>(number_in(thread.path() / "status", "voluntary_ctxt_switches:"));
  return sum;
}

} // namespace bench
