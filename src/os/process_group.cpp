#include "os/process_group.hpp"

#include <cerrno>
#include <csignal>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::os {

namespace {

// PIDFD_SIGNAL_PROCESS_GROUP of newer kernel headers.
constexpr unsigned to_process_group = 1u << 2;

bool send(const base::unique_fd& pidfd, int number, unsigned flags) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, flags) == 0;
}

// While it has not been waited for, no other process or group can have its number.
bool keeps_its_number(const base::unique_fd& pidfd) noexcept {
  siginfo_t unused{};
  return ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &unused, WEXITED | WNOHANG | WNOWAIT) ==
         0;
}

void send_to_group(const base::unique_fd& pidfd, pid_t pid, int number) noexcept {
  if (send(pidfd, number, to_process_group) || errno != EINVAL)
    return;
  if (pid > 1 && keeps_its_number(pidfd)) // -1 would be everything that there is
    ::kill(-pid, number);
}

} // namespace

void signal_group(const base::unique_fd& pidfd, pid_t pid, int number) noexcept {
  const bool leads = ::getpgid(pid) == pid;
  send_to_group(pidfd, pid, number);
  if (!leads || number == SIGKILL) // it has left its group, or may have left it just now
    send(pidfd, number, 0);
}

void end_group(const base::unique_fd& pidfd, pid_t pid) noexcept {
  send_to_group(pidfd, pid, SIGKILL);
}

} // namespace troupe::os
