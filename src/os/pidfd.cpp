#include "os/pidfd.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::os {

base::unique_fd open_pidfd(pid_t pid) {
  base::unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  siginfo_t unused{};
  if (!pidfd ||
      ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &unused, WEXITED | WNOHANG | WNOWAIT) != 0)
    throw std::system_error(errno, std::generic_category(), "opening a child process");
  return pidfd;
}

siginfo_t kill_and_reap(const base::unique_fd& pidfd) noexcept {
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED) != 0 && errno == EINTR)
    info = {};
  return info;
}

} // namespace troupe::os
