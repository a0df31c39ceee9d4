#include "parent/launcher.hpp"

#include "link/control_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::parent {

namespace {

namespace process = boost::process::v2;
using process_launcher = process::posix::default_launcher;

constexpr int link_fd = 3; // the number under which a child inherits its control socket
using link::link_variable;

// A child starts with nothing blocked and nothing ignored, whatever its parent does with signals.
void reset_signals() noexcept {
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, SIG_DFL); // fails for SIGKILL, SIGSTOP and the runtime's own
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Hooks into Boost.Process's launcher: what happens between fork and exec. Boost's own `bind_fd` returns
// no value from on_setup (undefined behaviour), and its closing of descriptors leaves out the gaps
// between those to keep, so descriptors are done here.
class child_setup {
public:
  child_setup(int control, const char* const* environment, pid_t parent)
    : control_(control)
    , environment_(environment)
    , parent_(parent) {}

  process::error_code on_setup(
    process_launcher& with, const process::filesystem::path&, const char* const*&) {
    with.env = environment_;
    with.fd_whitelist.push_back(link_fd);
    return {};
  }

  // In the fork. Async-signal-safe calls only: other threads may have held any lock.
  process::error_code on_exec_setup(
    process_launcher&, const process::filesystem::path&, const char* const*&) {
    reset_signals();
    ::setpgid(0, 0); // the terminal's Ctrl-C is the parent's business
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
      return failure();
    if (::getppid() != parent_)
      ::_exit(127); // the parent died before that
    if (control_ == link_fd ? ::fcntl(control_, F_SETFD, 0) != 0 : ::dup2(control_, link_fd) < 0)
      return failure();
    // Everything else closes at exec: also what other threads have just opened without O_CLOEXEC.
    if (::close_range(link_fd + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
      return failure();
    return {};
  }

  // Boost asks with one set of arguments and calls with another. After this it would run the parent's
  // atexit handlers in the fork.
  template <class... Ts>
  void on_exec_error(Ts&&...) {
    ::_exit(127);
  }

private:
  static process::error_code failure() { return {errno, process::system_category()}; }

  int control_;
  const char* const* environment_;
  pid_t parent_;
};

std::vector<const char*> child_environment(const std::string& link_setting) {
  std::vector<const char*> variables;
  const std::size_t name_size = std::strlen(link_variable);
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    if (std::strncmp(*variable, link_variable, name_size) != 0 || (*variable)[name_size] != '=')
      variables.push_back(*variable);
  variables.push_back(link_setting.c_str());
  variables.push_back(nullptr);
  return variables;
}

} // namespace

launcher::launcher(std::vector<std::string> arguments, std::string program)
  : arguments_(std::move(arguments))
  , program_(std::move(program))
  , thread_([this] { run(); }) {}

launcher::~launcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void launcher::launch(link::unique_fd control, callback done) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back({std::move(control), std::move(done)});
  }
  changed_.notify_one();
}

void launcher::run() {
  ::pthread_setname_np(::pthread_self(), "troupe-launch");
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr); // handlers run on the program's own threads
  for (;;) {
    request next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !requests_.empty(); });
      if (stopping_)
        return;
      next = std::move(requests_.front());
      requests_.pop_front();
    }
    auto result = start(next.control);
    next.control.reset(); // the child has its own
    next.done(std::move(result));
  }
}

launch_result launcher::start(const link::unique_fd& control) const {
  const std::string link_setting = std::string(link_variable) + "=" + std::to_string(link_fd);
  const auto environment = child_environment(link_setting);
  std::vector<const char*> arguments;
  for (const auto& argument : arguments_)
    arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);

  launch_result result;
  process_launcher launch;
  try {
    boost::asio::io_context
      unused; // Boost wants one to notify of the fork; this one has nothing in it
    process::error_code error;
    auto child = launch(unused.get_executor(), error, program_, arguments.data(),
      child_setup(control.get(), environment.data(), ::getpid()));
    child.detach(); // the pool waits for it, with a pidfd
    result.error = error;
  } catch (
    const boost::system::system_error& e) { // for lack of descriptors, perhaps after the fork
    result.error = e.code();
  }
  if (!result.error) {
    result.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, launch.pid, 0)));
    if (!result.pidfd)
      result.error = {errno, std::generic_category()};
  }
  if (!result.error) {
    result.pid = launch.pid;
  } else if (launch.pid > 0) {
    // Boost leaves a fork whose exec failed as a zombie. Not reaped yet, so the pid is still its own.
    ::kill(launch.pid, SIGKILL);
    ::waitpid(launch.pid, nullptr, 0);
  }
  return result;
}

} // namespace troupe::parent
