#include "os/start_time.hpp"

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace troupe::os {

std::chrono::nanoseconds boot_time() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::chrono::nanoseconds start_time_unit() noexcept {
  const auto units = ::sysconf(_SC_CLK_TCK);
  return std::chrono::nanoseconds(std::chrono::seconds(1)) / (units > 0 ? units : 100);
}

std::optional<std::chrono::nanoseconds> start_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')'); // a name may have any characters
  if (name_end == std::string::npos)
    return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i < 22; ++i) // proc(5): this is the 22nd
    fields >> field;
  long long units = 0;
  if (!(fields >> units))
    return std::nullopt;
  return start_time_unit() * units;
}

} // namespace troupe::os
