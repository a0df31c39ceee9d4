#include "test/terminal_keys.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace troupe_cli::test {

namespace {

bool is_ignored(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// As if there were no handler: where nobody could let this process go on, SIGTSTP does not stop it. The thread of the loop
/// blocks signals, and what it raises has come before this returns.
void raise_by_default(int signal) {
  struct sigaction by_default {};
  struct sigaction own {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(signal, &by_default, &own);
  sigset_t raised;
  sigset_t blocked;
  sigemptyset(&raised);
  sigaddset(&raised, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &raised, &blocked);
  std::raise(signal);
  ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  ::sigaction(signal, &own, nullptr);
}

} // namespace

terminal_keys::terminal_keys(boost::asio::io_context& loop, std::function<void(char)> on_key)
  : terminal_(loop)
  , signals_(loop)
  , on_key_(std::move(on_key)) {
  if (::isatty(STDIN_FILENO) == 0)
    return;
  // Opened anew, since what Asio waits for does not block, and others have standard input, too.
  const int opened = ::open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0)
    return;
  boost::system::error_code error;
  terminal_.assign(opened, error);
  if (error) {
    ::close(opened);
    return;
  }
  for (const int each : {SIGTSTP, SIGCONT, SIGQUIT})
    if (!is_ignored(each))
      signals_.add(each, error);
  await_signal();
  take();
}

terminal_keys::~terminal_keys() {
  give_back();
}

bool terminal_keys::in_foreground() {
  return ::tcgetpgrp(terminal_.native_handle()) == ::getpgrp();
}

void terminal_keys::take() {
  if (!in_foreground())
    return;
  if (!taken_ && ::tcgetattr(terminal_.native_handle(), &before_) == 0) {
    auto wanted = before_;
    wanted.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    wanted.c_cc[VMIN] = 1;
    wanted.c_cc[VTIME] = 0;
    taken_ = ::tcsetattr(terminal_.native_handle(), TCSANOW, &wanted) == 0;
  }
  await_key();
}

void terminal_keys::give_back() {
  // In the background it is another's, who has it as he wants it.
  if (std::exchange(taken_, false) && in_foreground())
    ::tcsetattr(terminal_.native_handle(), TCSANOW, &before_);
}

void terminal_keys::await_key() {
  if (std::exchange(awaits_key_, true))
    return;
  terminal_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
    [this, life = std::weak_ptr(life_)](const boost::system::error_code& error) {
      if (life.expired())
        return;
      awaits_key_ = false;
      if (!error)
        read_keys();
    });
}

void terminal_keys::read_keys() {
  if (!in_foreground()) // what is typed is another's, and to read it would stop this process
    return;
  char keys[64];
  const auto size = ::read(terminal_.native_handle(), keys, sizeof keys);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return await_key();
  if (size <= 0)
    return; // the terminal is gone
  for (ssize_t i = 0; i < size; ++i)
    on_key_(keys[i]);
  await_key();
}

void terminal_keys::await_signal() {
  signals_.async_wait(
    [this, life = std::weak_ptr(life_)](const boost::system::error_code& error, int number) {
      if (error || life.expired())
        return;
      await_signal();
      on_signal(number);
    });
}

void terminal_keys::on_signal(int number) {
  if (number == SIGCONT) {
    take();
    return;
  }
  give_back();
  raise_by_default(number);
  take(); // it goes on; for one that has come to the background in the meantime this does nothing
}

} // namespace troupe_cli::test
