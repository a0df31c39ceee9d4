#include "parent/launch/spawner.hpp"

#include "link/control_socket.hpp"
#include "os/child_descriptor.hpp"
#include "os/process_setup.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/process/v2/default_launcher.hpp> // whose sources the next one needs
#include <boost/process/v2/posix/vfork_launcher.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::parent {

namespace {

namespace process = boost::process::v2;
// Not the default one: it allocates between fork and exec, where another thread of this program may have held
// the lock of an allocator that does not watch for forks. The default one also copies the page tables of the
// whole program, and each page that it writes to meanwhile.
using process_launcher = process::posix::vfork_launcher;

constexpr int link_fd = 3; // the number under which a process inherits its control socket

// Boost.Process tells an execution context of the fork. This one has no services, as an `io_context` has: for those,
// Asio allocates in the new process, and where vfork is only a fork (under the thread sanitizer) another thread may
// have held the allocator's lock.
class bare_executor {
public:
  explicit bare_executor(boost::asio::execution_context& context) noexcept
    : context_(&context) {}

  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return *context_;
  }
  template <class Function>
  void execute(Function&&) const {} // nothing is given to it
  bool operator==(const bare_executor&) const noexcept = default;

private:
  boost::asio::execution_context* context_;
};

} // namespace

} // namespace troupe::parent

// What the launcher returns. Boost's own opens a pidfd, and gives it to a reactor, which takes three descriptors more:
// where these are not to be had, it loses the pidfd. The process is waited for with a descriptor of troupe's own.
template <>
struct boost::process::v2::basic_process<troupe::parent::bare_executor> {
  explicit basic_process(const troupe::parent::bare_executor&) {}
  basic_process(const troupe::parent::bare_executor&, pid_t) {}
};

namespace troupe::parent {

namespace {

// Hooks into Boost.Process's launcher: what happens between vfork and exec. Boost's own `bind_fd` returns
// no value from on_setup (undefined behaviour), and its closing of descriptors leaves out the gaps
// between those to keep, so descriptors are done here.
class child_setup {
public:
  child_setup(int control, const char* const* environment, pid_t parent, const char*& step)
    : control_(control)
    , environment_(environment)
    , parent_(parent)
    , step_(step) {}

  process::error_code on_setup(
    process_launcher& with, const process::filesystem::path&, const char* const*&) {
    with.env = environment_;
    with.fd_whitelist.push_back(link_fd);
    return {};
  }

  // In the new process, which has this one's memory until it executes the program; the calling thread waits
  // for that, with all signals blocked. System calls only.
  process::error_code on_exec_setup(
    process_launcher&, const process::filesystem::path&, const char* const*&) {
    os::reset_signals();
    step_ = "binding a child to its parent (prctl)";
    if (!os::set_up_fork())
      return failure();
    if (::getppid() != parent_)
      ::_exit(127); // the parent died before that
    // Also before it knows its settings: what stands before the runtime in `main` must not read the parent's.
    step_ = "giving a child its descriptors";
    if (!os::empty_input())
      return failure();
    if (control_ == link_fd ? ::fcntl(control_, F_SETFD, 0) != 0 : ::dup2(control_, link_fd) < 0)
      return failure();
    // Everything else closes at exec: also what other threads have just opened without O_CLOEXEC.
    step_ = "keeping descriptors from a child (close_range)";
    if (::close_range(link_fd + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
      return failure();
    step_ = nullptr;
    return {};
  }

  template <class... Ts>
  void on_fork_error(Ts&&...) {
    step_ = "making a process";
  }

  // Boost asks with one set of arguments and calls with another. After this it would run the parent's
  // atexit handlers.
  template <class... Ts>
  void on_exec_error(Ts&&...) {
    ::_exit(127);
  }

private:
  static process::error_code failure() { return {errno, process::system_category()}; }

  int control_;
  const char* const* environment_;
  pid_t parent_;
  // What has just been tried, in the memory of both processes (a sanitizer for threads makes a fork of vfork, and then only
  // this one's part is known); null: to execute the program.
  const char*& step_;
};

bool same_variable(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('=')) == b.substr(0, b.find('='));
}

// An environment with some variables more. Both must outlive the result.
std::vector<const char*> environment_with(
  const environment::variables& all, const std::vector<std::string>& settings) {
  std::vector<const char*> variables;
  for (const auto& variable : all)
    if (std::none_of(settings.begin(), settings.end(),
          [&](const std::string& setting) { return same_variable(setting, variable); }))
      variables.push_back(variable.c_str());
  for (const auto& setting : settings)
    variables.push_back(setting.c_str());
  variables.push_back(nullptr);
  return variables;
}

[[noreturn]] void fail(const std::error_code& error, const char* step, const std::string& program) {
  throw std::system_error(error, step != nullptr ? step : "executing the program " + program);
}

} // namespace

spawner::spawner(
  std::vector<std::string> arguments, std::string program, std::shared_ptr<const environment> with)
  : arguments_(std::move(arguments))
  , program_(std::move(program))
  , environment_(with ? std::move(with) : std::make_shared<const environment>()) {}

started_process spawner::start(const base::unique_fd& control, int) {
  return execute(control, link::link_variable);
}

started_process spawner::execute(
  const base::unique_fd& inherited, const char* variable, std::vector<std::string> more) const {
  more.push_back(std::string(variable) + "=" + std::to_string(link_fd));
  const auto taken = environment_->latest();
  const auto variables = environment_with(*taken, more);
  std::vector<const char*> arguments;
  for (const auto& argument : arguments_)
    arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);

  process_launcher launch;
  const char* step = nullptr;
  try {
    boost::asio::execution_context unused;
    process::error_code error;
    launch(bare_executor(unused), error, program_, arguments.data(),
      child_setup(inherited.get(), variables.data(), ::getpid(), step));
    if (error)
      fail(error, step, program_);
    return {launch.pid, os::child_descriptor::open(launch.pid)};
  } catch (...) { // for lack of a descriptor, perhaps after the fork
    // Boost leaves a fork whose exec failed as a zombie.
    os::end_child(launch.pid);
    throw;
  }
}

} // namespace troupe::parent
