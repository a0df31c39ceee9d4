#include "os/thread_count.hpp"

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace troupe::os {

namespace {

std::size_t thread_count() {
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
  const auto count = static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
#if defined(__SANITIZE_THREAD__)
  return count > 1 ? count - 1 : count;
#else
  return count;
#endif
}

} // namespace

std::size_t settled_thread_count() {
  std::size_t count = thread_count();
  for (int looks = 0; count > 1 && looks < 100; ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    count = thread_count();
  }
  return count;
}

} // namespace troupe::os
