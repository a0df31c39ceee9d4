#include "command/leader.hpp"

#include "command/descendants.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using descriptor = asio::posix::stream_descriptor;

constexpr auto quiet_wait = asio::as_tuple(asio::use_awaitable);
// A process that does not die of SIGKILL within that time hangs in the kernel, and nobody can end it.
constexpr std::chrono::seconds patience_with_killed{5};
// What starts processes faster than they are killed is given up.
constexpr int most_sweeps = 200;

/// Ends the group of a command: SIGTERM, and SIGKILL after the grace. Shared with the timer's handlers.
class group_ending : public std::enable_shared_from_this<group_ending> {
public:
  group_ending(const asio::any_io_executor& executor, pid_t leader, std::chrono::milliseconds grace,
    std::function<void()> at_timeout)
    : timer_(executor)
    , leader_(leader)
    , grace_(grace)
    , at_timeout_(std::move(at_timeout)) {}

  void begin_after(std::chrono::milliseconds time) {
    wait(time, [](group_ending& self) { self.begin(end_cause::timeout); });
  }

  void begin(end_cause why) {
    if (!may_begin())
      return;
    cause_ = why;
    if (why == end_cause::timeout && at_timeout_)
      at_timeout_(); // what ends meanwhile has had its time
    ::kill(-leader_, SIGTERM);
    ::kill(-leader_, SIGCONT); // what is stopped would not see the other
    wait(grace_, [](group_ending& self) { ::kill(-self.leader_, SIGKILL); });
  }

  /// The leader has ended, or is about to be waited for: from then on its id may be another's.
  void stop() {
    leader_ = 0;
    timer_.cancel();
  }

  end_cause cause() const { return cause_; }

private:
  // If the loop was busy, it may hear of the end and of the timeout at once, in any order.
  bool may_begin() const {
    return leader_ != 0 && cause_ == end_cause::itself && !has_ended(leader_);
  }

  void wait(std::chrono::milliseconds time, void (*then)(group_ending&)) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this(), then](const boost::system::error_code& error) {
      if (!error && self->leader_ != 0)
        then(*self);
    });
  }

  asio::steady_timer timer_;
  pid_t leader_;
  std::chrono::milliseconds grace_;
  std::function<void()> at_timeout_;
  end_cause cause_ = end_cause::itself;
};

/// Waits for orphans as they end, while commands run: one that runs for days may leave any number of them.
class orphan_watch : public std::enable_shared_from_this<orphan_watch> {
public:
  /// There is one in a process, for as long as somebody has it.
  static std::shared_ptr<orphan_watch> of_this_process(const asio::any_io_executor& executor) {
    static std::weak_ptr<orphan_watch> only;
    auto watch = only.lock();
    if (!watch) {
      only = watch = std::make_shared<orphan_watch>(executor);
      watch->await_end_of_child();
      running_commands::of_this_process().reap_orphans(); // of which the signal came before this
    }
    return watch;
  }

  // Asio's handler would interrupt system calls that wait, and nobody who makes them knows of it.
  explicit orphan_watch(const asio::any_io_executor& executor)
    : signals_(executor, SIGCHLD) {
    struct sigaction handler {};
    if (::sigaction(SIGCHLD, nullptr, &handler) != 0)
      return;
    handler.sa_flags |= SA_RESTART;
    ::sigaction(SIGCHLD, &handler, nullptr);
  }

private:
  void await_end_of_child() {
    signals_.async_wait([weak = weak_from_this()](const boost::system::error_code& error, int) {
      const auto self = weak.lock();
      if (error || !self)
        return;
      running_commands::of_this_process().reap_orphans();
      self->await_end_of_child();
    });
  }

  asio::signal_set signals_;
};

descriptor watch(const asio::any_io_executor& executor, const started_command& started) {
  descriptor process(executor);
  boost::system::error_code error;
  process.assign(started.pidfd, error);
  if (!error)
    return process;
  ::kill(-started.pid, SIGKILL);
  ::waitpid(started.pid, nullptr, 0);
  ::close(started.pidfd);
  throw start_problem{"cannot wait for a process: " + error.message(), error.value()};
}

/// A cancellation ends the wait for the leader, which goes on then until the group has been ended. Where Asio has just
/// dropped a descriptor that had an event, it may take that for one of the next descriptor, so the leader is looked at.
asio::awaitable<void> await_end(descriptor& process, group_ending& ending, pid_t leader) {
  for (;;) {
    const auto [error] = co_await process.async_wait(descriptor::wait_read, quiet_wait);
    if (!error && has_ended(leader))
      co_return;
    if (!error)
      continue;
    ending.begin(end_cause::cancelled);
    if (error != asio::error::operation_aborted) { // the loop cannot wait for it
      ::kill(-leader, SIGKILL);
      co_return;
    }
  }
}

asio::awaitable<end_cause> watch_leader(started_command started, std::string mark,
  const command& what, std::function<void()> at_timeout) {
  const auto executor = co_await asio::this_coro::executor;
  auto process = watch(executor, started);
  running_commands::of_this_process().add(started.pid, mark);
  const auto orphans = orphan_watch::of_this_process(executor);
  const auto ending =
    std::make_shared<group_ending>(executor, started.pid, what.grace, std::move(at_timeout));
  if (what.timeout.count() > 0)
    ending->begin_after(what.timeout);
  co_await await_end(process, *ending, started.pid);
  ending->stop();
  co_return ending->cause();
}

/// Waits for the end of a child of this process, at most until then.
asio::awaitable<void> await_exit(
  asio::any_io_executor executor, pid_t pid, clock::time_point until) {
  const int opened = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (opened < 0)
    co_return;
  const auto process = std::make_shared<descriptor>(executor, opened);
  asio::steady_timer patience(executor, until);
  patience.async_wait([process](const boost::system::error_code& error) {
    if (!error)
      process->cancel();
  });
  while (!has_ended(pid) && clock::now() < until)
    co_await process->async_wait(descriptor::wait_read, quiet_wait);
}

void note(std::vector<left_behind>& left, pid_t pid) {
  for (const auto& process : left) {
    if (process.pid == pid)
      return;
  }
  left.push_back({pid, name_of_process(pid)});
}

} // namespace

asio::awaitable<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

asio::awaitable<end_cause> await_leader(started_command started, std::string mark,
  const command& what, std::function<void()> at_timeout) {
  return watch_leader(started, std::move(mark), what, std::move(at_timeout));
}

asio::awaitable<std::vector<left_behind>> end_descendants(
  pid_t leader, std::chrono::milliseconds linger) {
  const auto executor = co_await asio::this_coro::executor;
  auto& commands = running_commands::of_this_process();
  const auto patience = clock::now() + linger;
  std::vector<left_behind> killed;
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    const auto left = commands.left_by(leader);
    if (left.empty())
      break;
    if (clock::now() < patience) {
      for (const auto pid : left)
        co_await await_exit(executor, pid, patience);
      continue;
    }
    for (const auto pid : left)
      note(killed, pid);
    ::kill(-leader, SIGKILL);
    for (const auto pid : left)
      ::kill(pid, SIGKILL);
    for (const auto pid : left) {
      co_await await_exit(executor, pid, clock::now() + patience_with_killed);
      ::waitpid(pid, nullptr, WNOHANG);
    }
  }
  co_return killed;
}

void reap_leader(pid_t leader, command_end& end) {
  siginfo_t info{};
  rusage usage{};
  long waited = 0;
  do {
    waited = ::syscall(SYS_waitid, P_PID, leader, &info, WEXITED | __WALL, &usage);
  } while (waited < 0 && errno == EINTR);
  running_commands::of_this_process().remove(leader);
  if (info.si_code == CLD_EXITED)
    end.exit_code = info.si_status;
  else
    end.signal = info.si_status;
  const auto microseconds = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  end.pid = leader;
  end.user_time = microseconds(usage.ru_utime);
  end.system_time = microseconds(usage.ru_stime);
  end.peak_kilobytes = static_cast<std::uint64_t>(usage.ru_maxrss);
}

} // namespace troupe_cli
