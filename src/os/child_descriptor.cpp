#include "os/child_descriptor.hpp"

#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::os {

namespace {

[[noreturn]] void fail(int error) {
  throw std::system_error(error, std::generic_category(), "opening a child process");
}

/// Makes the descriptor readable when the child has ended. Owns a descriptor of its own: this may take longer than
/// the one who wants to know lives.
void look_out_for_end(pid_t pid, base::unique_fd end) {
  siginfo_t unused{};
  while (
    ::waitid(P_PID, static_cast<id_t>(pid), &unused, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ::eventfd_write(end.get(), 1);
}

base::unique_fd end_of(pid_t pid) {
  base::unique_fd end(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  base::unique_fd written(end ? ::fcntl(end.get(), F_DUPFD_CLOEXEC, 0) : -1);
  if (!written)
    fail(errno);
  // A thread that has the program's signals would take them from it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread(look_out_for_end, pid, std::move(written)).detach();
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return end;
}

} // namespace

bool child_descriptor::has_pidfds() noexcept {
  static const bool has = [] {
    // Kernels and valgrind say ENOSYS of a call that they do not know, and old filters of containers EPERM.
    const auto is_there = [](bool done) { return done || (errno != ENOSYS && errno != EPERM); };
    const base::unique_fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    if (!self)
      return is_there(false);
    return is_there(::syscall(SYS_pidfd_send_signal, self.get(), 0, nullptr, 0) == 0);
  }();
  return has;
}

child_descriptor child_descriptor::open(pid_t pid) {
  child_descriptor child;
  if (has_pidfds()) {
    child.fd_ = base::unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!child.fd_)
      fail(errno);
  } else {
    child.pid_ = pid;
  }
  siginfo_t unused{};
  if (child.wait(unused, WEXITED | WNOHANG | WNOWAIT) != 0)
    fail(errno);
  if (child.pid_ != 0)
    child.fd_ = end_of(pid);
  return child;
}

child_descriptor child_descriptor::open_or_end(pid_t pid) {
  try {
    return open(pid);
  } catch (...) {
    end_child(pid);
    throw;
  }
}

int child_descriptor::system_wait(siginfo_t& info, int options, rusage* usage) const noexcept {
  const bool by_pid = pid_ != 0;
  // The library's waitid does not pass the usage on.
  return static_cast<int>(::syscall(
    SYS_waitid, by_pid ? P_PID : P_PIDFD, by_pid ? pid_ : fd_.get(), &info, options, usage));
}

int child_descriptor::wait(siginfo_t& info, int options) const noexcept {
  return system_wait(info, options, nullptr);
}

int child_descriptor::wait(siginfo_t& info, int options, rusage& usage) const noexcept {
  return system_wait(info, options, &usage);
}

bool child_descriptor::send(int number, unsigned flags) const noexcept {
  if (pid_ == 0)
    return ::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, flags) == 0;
  if (flags != 0) {
    errno = EINVAL;
    return false;
  }
  siginfo_t unused{};
  return wait(unused, WEXITED | WNOHANG | WNOWAIT) == 0 && ::kill(pid_, number) == 0;
}

siginfo_t child_descriptor::kill_and_reap() const noexcept {
  send(SIGKILL);
  siginfo_t info{};
  // Whoever has watched the descriptor has made it one on which `waitid` does not wait (EAGAIN).
  while (wait(info, WEXITED) != 0 && (errno == EINTR || errno == EAGAIN)) {
    pollfd ended{get(), POLLIN, 0};
    ::poll(&ended, 1, -1);
    info = {};
  }
  return info;
}

void end_child(pid_t pid) noexcept {
  siginfo_t unused{};
  // While it has not been waited for, no other process can have its number.
  if (pid <= 0 ||
      ::waitid(P_PID, static_cast<id_t>(pid), &unused, WEXITED | WNOHANG | WNOWAIT) != 0)
    return;
  ::kill(pid, SIGKILL);
  while (::waitid(P_PID, static_cast<id_t>(pid), &unused, WEXITED) != 0 && errno == EINTR) {
  }
}

} // namespace troupe::os
