#include "os/process_group.hpp"

#include <cerrno>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace troupe::os {

namespace {

// PIDFD_SIGNAL_PROCESS_GROUP of newer kernel headers.
constexpr unsigned to_process_group = 1u << 2;

// While it has not been waited for, no other process or group can have its number.
bool keeps_its_number(const child_descriptor& child) noexcept {
  siginfo_t unused{};
  return child.wait(unused, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void send_to_group(const child_descriptor& child, pid_t pid, int number) noexcept {
  if (child.send(number, to_process_group) || errno != EINVAL)
    return;
  if (pid > 1 && keeps_its_number(child)) // -1 would be everything that there is
    ::kill(-pid, number);
}

} // namespace

void signal_group(const child_descriptor& child, pid_t pid, int number) noexcept {
  const bool leads = ::getpgid(pid) == pid;
  send_to_group(child, pid, number);
  if (!leads || number == SIGKILL) // it has left its group, or may have left it just now
    child.send(number);
}

void end_group(const child_descriptor& child, pid_t pid) noexcept {
  send_to_group(child, pid, SIGKILL);
}

} // namespace troupe::os
