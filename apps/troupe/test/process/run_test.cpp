#include "test/process/run_test.hpp"

#include "command/descendants.hpp"
#include "command/start.hpp"
#include "test/process/tracer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_cli::test {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using descriptor = asio::posix::stream_descriptor;

constexpr auto quiet_wait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t largest_record = 256 * 1024 * 1024;
constexpr std::chrono::seconds patience_with_killed{5};
constexpr int most_sweeps = 200; // of what starts processes faster than they are killed

/// The folder of a process, which goes with this object.
class run_folder {
public:
  explicit run_folder(const std::string& path)
    : path_(path) {
    if (::mkdir(path.c_str(), 0700) == 0 && ::mkdir((path + "/tmp").c_str(), 0700) == 0)
      return;
    const int number = errno;
    throw start_problem{
      "cannot make the folder \"" + path + "\": " + std::strerror(number), number};
  }
  run_folder(const run_folder&) = delete;
  run_folder& operator=(const run_folder&) = delete;
  ~run_folder() {
    ::unlink(output_file(path_).c_str());
    ::unlink(record_file(path_).c_str());
    if (::rmdir((path_ + "/tmp").c_str()) == 0 && ::rmdir(path_.c_str()) == 0)
      return; // nearly always; the other way is dear
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

private:
  std::string path_;
};

void write_words(const std::string& file, const std::string& text) {
  if (text.empty())
    return;
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out)
    throw start_problem{"cannot write \"" + file + "\": " + std::strerror(errno), errno};
}

std::string read_part(std::ifstream& from, std::size_t at, std::size_t size) {
  std::string out(size, '\0');
  from.seekg(static_cast<std::streamoff>(at));
  from.read(out.data(), static_cast<std::streamsize>(size));
  out.resize(static_cast<std::size_t>(from.gcount()));
  return out;
}

std::string read_bounded(const std::string& path, std::size_t begin, std::size_t end) {
  std::ifstream file(path, std::ios::binary);
  struct stat status {};
  if (!file || ::stat(path.c_str(), &status) != 0)
    return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size <= begin + end)
    return read_part(file, 0, size);
  auto out = read_part(file, 0, begin);
  out += "\n[... " + std::to_string(size - begin - end) + " bytes are left out ...]\n";
  return out + read_part(file, size - end, end);
}

/// A process that was started, and all that is waited for while it runs. Shared with handlers that may outlive the wait.
class watched : public std::enable_shared_from_this<watched> {
public:
  /// `traced`: null if it is not traced yet.
  watched(const asio::any_io_executor& executor, started_command started, const process_order& how,
    std::unique_ptr<tracer> traced)
    : process_(executor, started.pidfd)
    , timer_(executor)
    , signals_(executor)
    , pid_(started.pid)
    , order_(how)
    , tracer_(std::move(traced)) {}

  void begin() {
    if (tracer_)
      look_at_stops();
    if (order_.timeout.count() > 0)
      wait(order_.timeout);
  }

  asio::awaitable<void> await_end() {
    for (;;) {
      const auto [error] = co_await process_.async_wait(descriptor::wait_read, quiet_wait);
      if (!error)
        break;
      if (error != asio::error::operation_aborted)
        ::kill(-pid_, SIGKILL); // the loop cannot wait for it, and would ask again and again
      go_further();
    }
    timer_.cancel();
    boost::system::error_code ignored;
    signals_.cancel(ignored);
  }

  end_cause cause() const { return cause_; }
  std::string take_stacks() {
    if (!hang_stacks_.empty())
      return std::move(hang_stacks_);
    return tracer_ ? tracer_->crash_stack() : std::string{};
  }

private:
  void look_at_stops() {
    signals_.add(SIGCHLD);
    await_stop();
    tracer_->handle_stops(); // what has stopped before the wait began
  }

  void await_stop() {
    signals_.async_wait([self = shared_from_this()](const boost::system::error_code& error, int) {
      if (error)
        return;
      self->tracer_->handle_stops();
      self->await_stop();
    });
  }

  void wait(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error)
        return;
      self->time_is_up_ = true;
      self->process_.cancel();
    });
  }

  /// The wait for its end was ended by the timer, or by whoever wants it to stop.
  void go_further() {
    const bool by_timer = std::exchange(time_is_up_, false);
    if (cause_ != end_cause::itself) {
      if (by_timer)
        ::kill(-pid_, SIGKILL);
      return;
    }
    cause_ = by_timer ? end_cause::timeout : end_cause::cancelled;
    if (by_timer) {
      if (!tracer_) {
        tracer_ = std::make_unique<tracer>(pid_, tracer::begun::later);
        look_at_stops();
      }
      hang_stacks_ = tracer_->read_all_stacks();
    }
    ::kill(-pid_, SIGTERM);
    ::kill(-pid_, SIGCONT);
    wait(order_.what.grace);
  }

  descriptor process_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  pid_t pid_;
  process_order order_;
  std::unique_ptr<tracer> tracer_;
  std::string hang_stacks_;
  end_cause cause_ = end_cause::itself;
  bool time_is_up_ = false;
};

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
  for (const auto& process : left)
    if (process.pid == pid)
      return;
  left.push_back({pid, name_of_process(pid)});
}

asio::awaitable<void> end_descendants(asio::any_io_executor executor, pid_t leader,
  std::chrono::milliseconds linger, command_end& end) {
  auto& commands = running_commands::of_this_process();
  const bool by_itself = end.cause == end_cause::itself;
  const auto patience = clock::now() + (by_itself ? linger : std::chrono::milliseconds{0});
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    const auto left = commands.left_by(leader);
    if (left.empty())
      co_return;
    if (clock::now() < patience) {
      for (const auto pid : left)
        co_await await_exit(executor, pid, patience);
      continue;
    }
    ::kill(-leader, SIGKILL);
    for (const auto pid : left) {
      if (by_itself) // what a process had no chance to end is not its fault
        note(end.left, pid);
      ::kill(pid, SIGKILL);
    }
    for (const auto pid : left) {
      co_await await_exit(executor, pid, clock::now() + patience_with_killed);
      ::waitpid(pid, nullptr, WNOHANG);
    }
  }
}

void reap(pid_t leader, command_end& end) {
  siginfo_t info{};
  rusage usage{};
  long waited = 0;
  do {
    waited = ::syscall(SYS_waitid, P_PID, leader, &info, WEXITED | __WALL, &usage);
  } while (waited < 0 && errno == EINTR);
  if (info.si_code == CLD_EXITED)
    end.exit_code = info.si_status;
  else
    end.signal = info.si_status;
  end.peak_kilobytes = static_cast<std::uint64_t>(usage.ru_maxrss);
}

asio::awaitable<void> run_in_folder(const process_order& order, attempt& into) {
  const auto executor = co_await asio::this_coro::executor;
  auto& commands = running_commands::of_this_process();
  const auto mark = commands.new_mark();
  const auto began = clock::now();
  const auto started = start_command(order.what, {}, {mark, "TMPDIR=" + order.folder + "/tmp"});
  auto traced = order.trace_from_start
                  ? std::make_unique<tracer>(started.pid, tracer::begun::stopped)
                  : nullptr;
  commands.add(started.pid, mark);
  const auto process = std::make_shared<watched>(executor, started, order, std::move(traced));
  process->begin();
  co_await process->await_end();
  auto& end = into.end;
  end.pid = started.pid;
  end.wall_time = clock::now() - began;
  end.cause = process->cause();
  into.stacks = process->take_stacks();
  co_await end_descendants(executor, started.pid, order.linger, end);
  reap(started.pid, end);
  commands.remove(started.pid);
}

} // namespace

asio::awaitable<attempt> run_test(process_order order) {
  co_await asio::this_coro::throw_if_cancelled(false);
  attempt out;
  try {
    const run_folder folder(order.folder);
    write_words(words_file(order.folder), order.words_text);
    order.what.traced = order.trace_from_start;
    order.what.stdout_file = output_file(order.folder);
    order.what.stderr_file = output_file(order.folder);
    co_await run_in_folder(order, out);
    out.output =
      read_bounded(output_file(order.folder), order.kept_output / 4, order.kept_output / 4 * 3);
    out.record = read_bounded(record_file(order.folder), largest_record, 0);
  } catch (const start_problem& problem) {
    out.end.cause = end_cause::not_started;
    out.end.problem = problem.text;
    out.end.problem_number = problem.number;
  }
  co_return out;
}

} // namespace troupe_cli::test
