#include "os/start_time.hpp"

#include "base/unique_fd.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
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
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const base::unique_fd file(::open(path, O_RDONLY | O_CLOEXEC));
  char text[1024]; // twice as much as the longest
  const auto size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0)
    return std::nullopt;
  text[size] = '\0';
  const char* at = std::strrchr(text, ')'); // a name may have any characters
  for (int field = 2; field < 22 && at != nullptr;
       ++field) // proc(5): the name is the second, this is the 22nd
    at = std::strchr(at + 1, ' ');
  if (at == nullptr)
    return std::nullopt;
  char* end = nullptr;
  const auto units = std::strtoll(at, &end, 10);
  if (end == at)
    return std::nullopt;
  return start_time_unit() * units;
}

} // namespace troupe::os
