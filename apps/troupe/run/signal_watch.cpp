#include "run/signal_watch.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace troupe_cli {

signal_watch::signal_watch(std::function<void(int)> on_signal)
  : on_signal_(std::move(on_signal)) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaddset(&wanted, number);
  std::signal(SIGPIPE, SIG_IGN);
  ::pthread_sigmask(SIG_BLOCK, &wanted, &before_);
  signals_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0)
    throw std::system_error(errno, std::system_category(), "cannot watch signals");
  thread_ = std::thread([this] { wait(); });
}

signal_watch::~signal_watch() {
  stop_.ring();
  thread_.join();
  ::close(signals_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void signal_watch::wait() {
  for (;;) {
    std::array<pollfd, 2> wanted{pollfd{signals_, POLLIN, 0}, pollfd{stop_.fd(), POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0)
      continue; // interrupted
    if (wanted[1].revents != 0)
      return;
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      on_signal_(static_cast<int>(info.ssi_signo));
  }
}

} // namespace troupe_cli
