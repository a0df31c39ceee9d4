#include <troupe/runtime.hpp>

#include "api/runtime_state.hpp"
#include "child/child_main.hpp"

#include <troupe/errors.hpp>
#include <troupe/this_child.hpp>

#include <atomic>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace troupe {

namespace {

std::atomic<bool> runtime_exists = false;

// A descriptor that is opened while 0, 1 or 2 is free would become a child's standard stream.
void open_standard_descriptors() {
  int fd = 0;
  do
    fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2);
  if (fd > 2)
    ::close(fd);
}

// With SIGCHLD ignored the kernel throws exit statuses away.
void stop_ignoring_children() {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
    ::signal(SIGCHLD, SIG_DFL);
}

// Signals are for the program's own threads. While this lives, new threads block all of them.
class without_signals {
public:
  without_signals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  without_signals(const without_signals&) = delete;
  ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_{};
};

} // namespace

runtime::state::state(std::vector<std::string> arguments, const runtime_options& options)
  : config(options.caf_threads)
  , system(config)
  , loop(system)
  , children(std::move(arguments))
  , loop_thread([this] {
    ::pthread_setname_np(::pthread_self(), "troupe-loop");
    loop.run();
  }) {}

runtime::state::~state() {
  processes.end_all();
  loop.stop();
  loop_thread.join();
}

runtime::runtime(int argc, char** argv, runtime_options options) {
  child::become_child_if_asked();
  if (this_child::is_child())
    throw not_in_main("troupe::runtime is constructed in a child, where only tasks run");
  if (runtime_exists.exchange(true))
    throw std::logic_error("this process has a troupe::runtime already");
  try {
    if (options.caf_threads < 1 || options.caf_threads > 1024)
      throw std::invalid_argument("runtime option caf_threads must be 1 to 1024");
    open_standard_descriptors();
    stop_ignoring_children();
    const without_signals blocked;
    state_ = std::make_unique<state>(std::vector<std::string>(argv, argv + argc), options);
  } catch (...) {
    runtime_exists = false;
    throw;
  }
}

runtime::~runtime() {
  state_.reset();
  runtime_exists = false;
}

boost::asio::io_context::executor_type runtime::executor() noexcept {
  return state_->loop.io().get_executor();
}

caf::actor_system& runtime::system() noexcept {
  return state_->system;
}

} // namespace troupe
