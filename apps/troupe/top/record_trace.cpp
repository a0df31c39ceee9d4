#include "top/record_trace.hpp"

#include "exit_code.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"
#include "top/event_lines.hpp"
#include "top/format.hpp"
#include "top/symbols.hpp"
#include "trace/pool_trace.hpp"

#include <troupe/control.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

constexpr int milliseconds_between_looks = 500;
// In microseconds:
constexpr std::int64_t time_between_flushes = 500'000;
constexpr std::int64_t longest_end = 2'000'000; // with a process that is to end its stream

// Signals that end the recording, as something that can be waited for. For as long as it lives they do nothing else.
class ending_signals {
public:
  ending_signals() {
    ::sigemptyset(&all_);
    for (const int one : {SIGINT, SIGTERM, SIGHUP})
      ::sigaddset(&all_, one);
    ::sigprocmask(SIG_BLOCK, &all_, &before_);
    fd_ = ::signalfd(-1, &all_, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd_ < 0) {
      const int error = errno;
      ::sigprocmask(SIG_SETMASK, &before_, nullptr);
      throw std::system_error(error, std::generic_category(), "waiting for signals");
    }
  }
  ending_signals(const ending_signals&) = delete;
  ending_signals& operator=(const ending_signals&) = delete;
  ~ending_signals() {
    ::close(fd_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  int descriptor() const noexcept { return fd_; }
  /// The one that has come, or 0.
  int take() const noexcept {
    signalfd_siginfo came{};
    return ::read(fd_, &came, sizeof came) == sizeof came ? static_cast<int>(came.ssi_signo) : 0;
  }

private:
  sigset_t all_{};
  sigset_t before_{};
  int fd_ = -1;
};

class recording {
public:
  recording(pid_t pid, const std::string& program, const std::string& file)
    : trace_(file, pid, program)
    , parent_(pid)
    , modules_{{0, "/proc/" + std::to_string(pid) + "/exe"}} {}

  void take(const stream_event& event) {
    using kind = stream_event::kind;
    switch (event.what) {
    case kind::task:
      trace_.task_ended(event.pool, event.task, symbols_.name_of(modules_, event.label));
      break;
    case kind::child_started:
      trace_.child_started(event.pool, event.started, event.at);
      break;
    case kind::child_ended:
      trace_.child_ended(event.pool, event.ended, event.at);
      break;
    case kind::missed:
      trace_.missed(event.missed, trace_time());
      missed_ += event.missed;
      break;
    case kind::module:
      modules_[event.module] = event.file;
      break;
    case kind::end:
      ended_ = true;
      break;
    case kind::other:
      break;
    }
  }

  void flush() { trace_.writer().flush(); }
  bool is_broken() { return trace_.writer().is_broken(); }
  /// Throws `broken_problem`.
  void finish(const std::string& file) {
    trace_.writer().finish();
    std::cerr << "troupe top: " << count_text(trace_.writer().slices()) << " runs of tasks are in "
              << text::printable(file) << '\n';
    if (missed_ > 0)
      std::cerr << "troupe top: " << count_text(missed_)
                << " events are not in it: they came faster than they could be taken\n";
    if (!ended_)
      std::cerr << "troupe top: process " << parent_
                << " has not said that this was all: its last events may be missing\n";
  }

private:
  pool_trace trace_;
  const pid_t parent_;
  symbols symbols_;
  module_files modules_;
  std::uint64_t missed_ = 0;
  bool ended_ = false;
};

// The signal that has ended it, or 0: the process has. What had happened by then is in the trace.
int record(control_client& from, const ending_signals& signals, recording& to) {
  std::string line;
  int ended_by = 0;
  auto flushed = trace_time();
  auto last_moment = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    while (from.take_line(line))
      to.take(parse_stream_event(line));
    if (to.is_broken() || trace_time() >= last_moment)
      return ended_by;
    pollfd watched[] = {{from.descriptor(), POLLIN, 0}, {signals.descriptor(), POLLIN, 0}};
    if (::poll(watched, 2, milliseconds_between_looks) < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "waiting for events");
    if (const int signal = signals.take(); signal != 0 && std::exchange(ended_by, signal) == 0) {
      from.end_stream();
      last_moment = trace_time() + longest_end;
    }
    if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !from.receive())
      return ended_by;
    if (trace_time() - flushed >= time_between_flushes) {
      to.flush();
      flushed = trace_time();
    }
  }
}

std::string socket_of(pid_t pid) {
  const auto all = troupe::watched_processes();
  const auto found = std::ranges::find(all, pid, &troupe::watched_process::pid);
  if (found == all.end())
    throw std::runtime_error("process " + std::to_string(pid) + " has ended");
  return found->socket;
}

} // namespace

int record_trace(const watched_list& watched, const std::string& file) {
  if (watched.processes().size() > 1)
    throw std::runtime_error(std::to_string(watched.processes().size()) +
                             " processes match, and a trace is of one: name "
                             "it by its pid; `troupe top --once` lists them");
  const auto& [pid, process] = *watched.processes().begin();
  const ending_signals signals;
  control_client client(socket_of(pid));
  const auto head = parse_stream_head(client.ask(R"({"ask": "trace"})"));
  recording to(head.pid, head.program, file);
  std::cerr << "troupe top: recording process " << pid << " in " << text::printable(file)
            << "; Ctrl-C ends that\n";
  int signal = 0;
  try {
    signal = record(client, signals, to);
  } catch (const std::runtime_error& e) {
    throw broken_problem("process " + std::to_string(pid) + ": " + text::printable(e.what()));
  }
  to.finish(file);
  return signal == 0 ? static_cast<int>(exit_code::ok) : 128 + signal;
}

} // namespace troupe_cli
