#include "os/start_time.hpp"

#include "os/process_file.hpp"

#include <ctime>

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

std::optional<std::chrono::nanoseconds> start_time(pid_t pid) noexcept {
  const auto units = number_at(process_file(pid, "stat").field_of_stat(22));
  if (!units)
    return std::nullopt;
  return start_time_unit() * *units;
}

} // namespace troupe::os
