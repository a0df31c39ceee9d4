#include "child/runtime/memory_watch.hpp"

#include "os/process_state.hpp"

#include <troupe/errors.hpp>

#include <cerrno>
#include <string>
#include <system_error>

#include <unistd.h>

namespace troupe::child {

namespace {

/// The resident memory that is backed by no file, in bytes. The file is opened each time, since a task may close
/// descriptors that are not its own. 0 and `errno` if that fails.
std::size_t own_memory() {
  const auto parts = os::resident_parts_of(::getpid());
  if (parts && parts->with_file <= parts->all)
    return parts->all - parts->with_file;
  errno = errno == 0 ? EINVAL : errno;
  return 0;
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
