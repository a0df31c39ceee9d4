#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

/// What the planted tests do. Each does it in the same way, whatever the framework.
namespace faults {

inline void crash() {
  std::puts("about to crash");
  std::fflush(stdout);
  int* volatile nowhere = nullptr;
  *nowhere = 1;
}

inline void hang() {
  for (;;)
    ::pause();
}

inline void leave_early() {
  std::exit(0);
}

/// Leaves a process that goes on, and holds what is this one's stdout.
inline void leave_process() {
  if (::fork() == 0) {
    ::execl("/bin/sleep", "sleep", "1000", static_cast<char*>(nullptr));
    ::_exit(127);
  }
}

inline void print_race() {
  std::puts("==================\n"
            "WARNING: ThreadSanitizer: data race (pid=4711)\n"
            "  Write of size 4 at 0x7b0400000000 by thread T1:\n"
            "SUMMARY: ThreadSanitizer: data race faults.cpp:1 in work\n"
            "==================");
}

/// Whether this is the first time, as a file says that the environment names.
inline bool first_time() {
  const char* file = std::getenv("FLAKY_FILE");
  if (file == nullptr)
    return true;
  const int made = ::open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0)
    ::close(made);
  return made >= 0;
}

} // namespace faults
