#include "os/life_line.hpp"

#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::os {

life_line life_line::to_group_of(pid_t child) noexcept {
  int ends[2];
  if (child <= 1 || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return {};
  life_line made;
  made.reader_ = base::unique_fd(ends[0]);
  made.writer_ = base::unique_fd(ends[1]);
  if (ends[1] < ends[0]) { // another thread has closed one just between the two
    made.writer_ = base::unique_fd(::fcntl(ends[1], F_DUPFD_CLOEXEC, ends[0] + 1));
    if (!made.writer_)
      return {};
  }
  // One page is more than enough, and what pipes may take in all is limited. It is no loss if it fails.
  ::fcntl(made.writer_.get(), F_SETPIPE_SZ, static_cast<int>(::sysconf(_SC_PAGESIZE)));
  if (::fcntl(ends[0], F_SETOWN, -child) != 0 || ::fcntl(ends[0], F_SETSIG, SIGKILL) != 0 ||
      ::fcntl(ends[0], F_SETFL, O_NONBLOCK | O_ASYNC) != 0)
    return {};
  return made;
}

} // namespace troupe::os
