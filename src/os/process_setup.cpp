#include "os/process_setup.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace troupe::os {

void reset_signals() noexcept {
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, SIG_DFL); // fails for SIGKILL, SIGSTOP and the C library's own
  ::signal(SIGTTIN, SIG_IGN);
  ::signal(SIGTTOU, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool set_up_fork() noexcept {
  ::setpgid(0, 0);
  return die_with_parent();
}

bool die_with_parent() noexcept {
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

bool empty_input() noexcept {
  int fd = ::open("/dev/null", O_RDONLY);
  if (fd < 0) { // there may be no /dev: a pipe without a writer reads as well
    int ends[2];
    if (::pipe(ends) != 0)
      return false;
    ::close(ends[1]);
    fd = ends[0];
  }
  if (fd == STDIN_FILENO)
    return true;
  const bool replaced = ::dup2(fd, STDIN_FILENO) == STDIN_FILENO;
  const int problem = errno;
  ::close(fd);
  errno = problem;
  return replaced;
}

bool close_descriptors_but(int kept) noexcept {
  const auto number = static_cast<unsigned>(kept);
  return (number <= 3 || ::close_range(3, number - 1, 0) == 0) &&
         ::close_range(number + 1, ~0u, 0) == 0;
}

signals_blocked::signals_blocked() noexcept {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

signals_blocked::~signals_blocked() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

} // namespace troupe::os
