// In each program of the tests that has the address sanitizer: a fork waits until the other threads sleep.
//
// The sanitizer of GCC 12 does not take the locks of its allocator for a fork, as the C library does with its own. One that
// another thread holds at that moment stays held in the copy, where that thread is not, and the copy waits for it for
// ever. A thread that sleeps holds none, and hardly ever wakes up between the look and the fork.
#include <charconv>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// A thread that is busy all the time is not waited for any longer: what it does is up to the test.
constexpr int most_looks = 2000;

// Of the thread, "S" if it sleeps.
char state_of(int tasks, const char* thread) {
  const int folder = ::openat(tasks, thread, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int file = folder < 0 ? -1 : ::openat(folder, "stat", O_RDONLY | O_CLOEXEC);
  char text[512];
  const auto size = file < 0 ? 0 : ::read(file, text, sizeof text);
  for (const int each : {folder, file})
    if (each >= 0)
      ::close(each);
  const std::string_view stat(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto name_end = stat.rfind(')');
  return name_end == std::string_view::npos || name_end + 2 >= stat.size() ? 'X' // it has ended
                                                                           : stat[name_end + 2];
}

bool others_sleep() {
  DIR* const tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr)
    return true; // nobody can tell
  const auto self = static_cast<int>(::syscall(SYS_gettid));
  bool all = true;
  while (const dirent* const entry = ::readdir(tasks)) {
    const std::string_view name(entry->d_name);
    int id = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), id).ec != std::errc{} || id == self)
      continue;
    const char state = state_of(::dirfd(tasks), entry->d_name);
    all = all && state != 'R' && state != 'D';
  }
  ::closedir(tasks);
  return all;
}

void wait_until_others_sleep() {
  for (int looks = 0; looks < most_looks && !others_sleep(); ++looks)
    ::sched_yield();
}

// Registered before others, it is called after them, just before the fork.
[[maybe_unused]] const int registered =
  ::pthread_atfork(&wait_until_others_sleep, nullptr, nullptr);

} // namespace
