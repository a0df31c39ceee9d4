#include "parent/child/exit_status.hpp"

#include "base/escape.hpp"
#include "os/image.hpp"
#include "os/memory_shortage.hpp"
#include "os/noted_modules.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string>

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

namespace {

// Descendants of the child may still write there: each text is copied first.
template <std::size_t Size>
std::string text_of(const char (&shared)[Size], std::size_t bytes) {
  std::array<char, Size> copy{};
  std::memcpy(copy.data(), shared, std::min(bytes, Size));
  auto text = std::string(copy.data(), ::strnlen(copy.data(), std::min(bytes, Size)));
  text.erase(text.find_last_not_of(" \n") + 1);
  std::ranges::replace(text, '\n', ' ');
  return base::escape(text);
}

void read_modules(const link::crash_area& crash) {
  const auto count = std::min<std::size_t>(crash.module_count, limits::max_crash_modules);
  for (std::size_t i = 0; i < count; ++i) {
    link::crash_area::module from;
    std::memcpy(&from, &crash.modules[i], sizeof from); // its writer may still change it
    os::build_id build;
    build.length = std::min<std::uint32_t>(from.build_id_bytes, os::max_build_id_bytes);
    std::memcpy(build.bytes.data(), from.build_id, build.length);
    const std::string path(from.path, ::strnlen(from.path, sizeof from.path));
    // A child cannot say of a module of others where it is.
    if (from.id != 0 && from.id == os::module_id_of(path, build))
      os::note_module(from.id, base::escape(path), build);
  }
}

} // namespace

void read_crash_area(const link::crash_area& crash, child_exit& exit) {
  exit.message = text_of(crash.message, crash.message_bytes.load(std::memory_order_acquire));
  if (crash.written.load(std::memory_order_acquire) == 0)
    return;
  exit.thread = static_cast<pid_t>(crash.crashing.load(std::memory_order_relaxed));
  exit.thread_name = text_of(crash.thread_name, sizeof crash.thread_name);
  if (crash.has_address != 0)
    exit.address = crash.address;
  exit.stack_overflow = crash.stack_overflow != 0;
  // What happened while it told of its crash is not what it died of.
  if (exit.signal == SIGSEGV || exit.signal == SIGBUS)
    if (const auto first = static_cast<int>(crash.signal); first > 0 && first < NSIG)
      exit.signal = first;
  if (crash.sender != 0)
    exit.hint = "it was sent by process " + std::to_string(crash.sender);
  const auto count = std::min<std::size_t>(crash.frame_count, limits::max_stack_frames);
  for (std::size_t i = 0; i < count; ++i)
    exit.frames.push_back({crash.frames[i].module, crash.frames[i].offset});
  read_modules(crash);
}

void add_hint(child_exit& exit, bool greeted) {
  if (!exit.reason.empty() || !exit.hint.empty())
    return;
  if (exit.signal == SIGKILL) {
    exit.hint = os::why_out_of_memory(exit.peak_kilobytes * 1024);
    if (exit.hint.empty())
      exit.hint = "sent by another process, or by the kernel";
  } else if (exit.signal == SIGSEGV && exit.thread == 0 && greeted) {
    exit.hint = "troupe's handler did not run: the stack of a thread that the program has made "
                "itself may have overflowed, or the program handles the signal";
  }
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
