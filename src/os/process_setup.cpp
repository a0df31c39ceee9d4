#include "os/process_setup.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace troupe::os {

void reset_signals() noexcept {
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, SIG_DFL); // fails for SIGKILL, SIGSTOP and the C library's own
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
