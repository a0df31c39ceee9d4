#include "child/runtime/memory_watch.hpp"

#include "base/unique_fd.hpp"

#include <troupe/errors.hpp>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::child {

namespace {

/// The resident memory that is backed by no file, in bytes. The file is opened each time, since a task may close
/// descriptors that are not its own. 0 and `errno` if that fails.
std::size_t own_memory() {
  const base::unique_fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!file)
    return 0;
  char text[128];
  const auto size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0)
    return 0;
  text[size] = '\0';
  unsigned long resident = 0;
  unsigned long shared = 0; // with a file
  if (std::sscanf(text, "%*u %lu %lu", &resident, &shared) != 2 || resident < shared) {
    errno = EINVAL;
    return 0;
  }
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (resident - shared) * page;
}

} // namespace

void memory_watch::check_start() {
  if (most_ == 0)
    return;
  const auto now = own_memory();
  if (now == 0)
    throw std::system_error(errno, std::generic_category(),
      "pool option maxmemoryperchild cannot be kept: the memory of a child is not known without "
      "/proc/self/statm");
  if (now > most_)
    throw error("pool option maxmemoryperchild is " + std::to_string(most_) +
                " bytes, but a child has " + std::to_string(now) +
                " before its first task: it must be higher");
}

bool memory_watch::is_exceeded(std::uint64_t tasks_ended) {
  if (most_ == 0 || tasks_ended == tasks_seen_)
    return false;
  const auto now = clock::now();
  if (now - last_look_ < std::chrono::milliseconds(1))
    return false;
  tasks_seen_ = tasks_ended;
  last_look_ = now;
  if (own_memory() <= most_)
    return false;
  most_ = 0;
  return true;
}

} // namespace troupe::child
