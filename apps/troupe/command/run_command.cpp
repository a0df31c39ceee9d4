#include "command/run_command.hpp"

#include "command/descendants.hpp"
#include "command/start.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <csignal>

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
  group_ending(const asio::any_io_executor& executor, pid_t leader, std::chrono::milliseconds grace)
    : timer_(executor)
    , leader_(leader)
    , grace_(grace) {}

  void begin_after(std::chrono::milliseconds time) {
    wait(time, [](group_ending& self) { self.begin(end_cause::timeout); });
  }

  void begin(end_cause why) {
    if (leader_ == 0 || cause_ != end_cause::itself)
      return;
    cause_ = why;
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
  end_cause cause_ = end_cause::itself;
};

/// A cancellation ends the wait for the leader, which goes on then until the group has been ended.
asio::awaitable<void> await_end(descriptor& process, group_ending& ending, pid_t leader) {
  for (;;) {
    const auto [error] = co_await process.async_wait(descriptor::wait_read, quiet_wait);
    if (!error)
      co_return;
    ending.begin(end_cause::cancelled);
    if (error != asio::error::operation_aborted) { // the loop cannot wait for it
      ::kill(-leader, SIGKILL);
      co_return;
    }
  }
}

/// Waits until the process, which is a child of this one and has been killed, is gone; for a time.
asio::awaitable<void> await_killed(asio::any_io_executor executor, pid_t pid) {
  const int opened = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (opened < 0)
    co_return;
  const auto process = std::make_shared<descriptor>(executor, opened);
  asio::steady_timer patience(executor, patience_with_killed);
  patience.async_wait([process](const boost::system::error_code& error) {
    if (!error)
      process->cancel();
  });
  while (!has_ended(pid) && patience.expiry() > clock::now())
    co_await process->async_wait(descriptor::wait_read, quiet_wait);
  ::waitpid(pid, nullptr, WNOHANG);
}

void note(std::vector<left_behind>& left, pid_t pid) {
  for (const auto& process : left) {
    if (process.pid == pid)
      return;
  }
  left.push_back({pid, name_of_process(pid)});
}

/// Kills whatever a command has left behind. Its leader has ended, and has not been waited for.
asio::awaitable<void> end_descendants(
  asio::any_io_executor executor, pid_t leader, std::vector<left_behind>& named) {
  auto& commands = running_commands::of_this_process();
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    const auto left = commands.left_by(leader);
    if (left.empty())
      co_return;
    for (const auto pid : left)
      note(named, pid);
    ::kill(-leader, SIGKILL);
    for (const auto pid : left)
      ::kill(pid, SIGKILL);
    for (const auto pid : left)
      co_await await_killed(executor, pid);
  }
}

void reap(pid_t leader, command_end& end) {
  siginfo_t info{};
  rusage usage{};
  long waited = 0;
  do {
    waited = ::syscall(SYS_waitid, P_PID, leader, &info, WEXITED, &usage);
  } while (waited < 0 && errno == EINTR);
  if (info.si_code == CLD_EXITED)
    end.exit_code = info.si_status;
  else
    end.signal = info.si_status;
  const auto microseconds = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  end.user_time = microseconds(usage.ru_utime);
  end.system_time = microseconds(usage.ru_stime);
  end.peak_kilobytes = static_cast<std::uint64_t>(usage.ru_maxrss);
}

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

asio::awaitable<command_end> run_started(
  const command& what, started_command started, const std::string& mark) {
  const auto executor = co_await asio::this_coro::executor;
  const auto begin = clock::now();
  auto& commands = running_commands::of_this_process();
  auto process = watch(executor, started);
  commands.add(started.pid, mark);
  const auto ending = std::make_shared<group_ending>(executor, started.pid, what.grace);
  if (what.timeout.count() > 0)
    ending->begin_after(what.timeout);
  co_await await_end(process, *ending, started.pid);
  command_end end;
  end.pid = started.pid;
  end.wall_time = clock::now() - begin;
  end.cause = ending->cause();
  ending->stop();
  co_await end_descendants(executor, started.pid, end.left);
  reap(started.pid, end);
  commands.remove(started.pid);
  co_return end;
}

} // namespace

asio::awaitable<command_end> run_command(command what, command_descriptors to) {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  command_end end;
  try {
    const auto mark = running_commands::of_this_process().new_mark();
    const auto started = start_command(what, to, {mark});
    end = co_await run_started(what, started, mark);
  } catch (const start_problem& problem) {
    end.cause = end_cause::not_started;
    end.problem = problem.text;
    end.problem_number = problem.number;
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return end;
}

} // namespace troupe_cli
