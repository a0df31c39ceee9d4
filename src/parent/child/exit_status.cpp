#include "parent/child/exit_status.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::parent {

void read_exit_status(const os::child_descriptor& child, child_exit& exit) {
  siginfo_t info{};
  rusage usage{};
  int result = 0;
  do
    result = child.wait(info, WEXITED | WNOHANG, usage);
  while (result < 0 && errno == EINTR);
  if (result < 0 || info.si_pid == 0) {
    exit.status_known = false;
    return;
  }
  if (info.si_code == CLD_EXITED)
    exit.exit_code = info.si_status;
  else
    exit.signal = info.si_status;
  exit.cpu_microseconds =
    static_cast<std::uint64_t>((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 +
                               usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  exit.peak_kilobytes = static_cast<std::uint64_t>(usage.ru_maxrss);
}

void read_crash_area(const link::crash_area& crash, child_exit& exit) {
  if (crash.written.load(std::memory_order_acquire) == 0)
    return;
  const auto count = std::min<std::size_t>(crash.frame_count, limits::max_stack_frames);
  for (std::size_t i = 0; i < count; ++i)
    exit.frames.push_back({crash.frames[i].module, crash.frames[i].offset});
}

std::chrono::microseconds cpu_time_of(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (pid == 0 || ::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    return std::chrono::microseconds::zero();
  return std::chrono::seconds(used.tv_sec) + std::chrono::duration_cast<std::chrono::microseconds>(
                                               std::chrono::nanoseconds(used.tv_nsec));
}

} // namespace troupe::parent
