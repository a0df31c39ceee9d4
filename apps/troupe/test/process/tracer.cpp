#include "test/process/tracer.hpp"

#include "test/process/stack_reader.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <vector>

#include <sys/ptrace.h>
#include <sys/wait.h>

namespace troupe_cli::test {
namespace {

// A program that handles such signals, and goes on, is not held up by each of them.
constexpr int most_crashes = 3;
// A thread that does not stop hangs in the kernel.
constexpr int most_stop_waits = 100;

bool ends_a_program(int signal) {
  switch (signal) {
  case SIGSEGV:
  case SIGBUS:
  case SIGILL:
  case SIGFPE:
  case SIGABRT:
  case SIGSYS:
    return true;
  default:
    return false;
  }
}

bool stops_a_group(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> out;
  std::error_code error;
  const auto folder = "/proc/" + std::to_string(process) + "/task";
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const auto name = each->path().filename().string();
    pid_t thread = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), thread).ec == std::errc())
      out.push_back(thread);
  }
  return out;
}

void go_on(pid_t thread, int signal) {
  ::ptrace(PTRACE_CONT, thread, nullptr, static_cast<long>(signal));
}

/// What the process has been stopped by, others than this, it stays stopped by.
void leave_stop(pid_t thread, int status) {
  const int signal = status & 0xFF;
  const int event = status >> 8;
  if (event == PTRACE_EVENT_STOP && stops_a_group(signal))
    ::ptrace(PTRACE_LISTEN, thread, nullptr, nullptr);
  else
    go_on(thread, event == 0 ? signal : 0);
}

} // namespace

tracer::tracer(pid_t process, begun how)
  : process_(process) {
  if (how == begun::with_process)
    threads_.insert(process);
  else
    seize(process);
}

bool tracer::seize(pid_t thread) {
  // If this process dies, so does the traced one.
  const long options = PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, options) != 0)
    return false;
  threads_.insert(thread);
  return true;
}

void tracer::handle_stops() {
  bool again = true;
  while (again) {
    again = false;
    const std::vector<pid_t> threads(threads_.begin(), threads_.end()); // stops add to them
    for (const auto thread : threads)
      again = handle_stop(thread) || again;
  }
}

bool tracer::handle_stop(pid_t thread) {
  // The exit of the process itself is for whoever started it. A thread's has to be taken, or the process never ends.
  const int what = WSTOPPED | WNOHANG | __WALL | (thread == process_ ? 0 : WEXITED);
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(thread), &info, what) != 0) {
    threads_.erase(thread);
    return false;
  }
  if (info.si_pid == 0)
    return false;
  if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) {
    threads_.erase(thread);
    return true;
  }
  take_stop(thread, info.si_status);
  return true;
}

void tracer::take_stop(pid_t thread, int status) {
  const int signal = status & 0xFF;
  const int event = status >> 8;
  unsigned long made = 0;
  if (event == PTRACE_EVENT_CLONE && ::ptrace(PTRACE_GETEVENTMSG, thread, nullptr, &made) == 0)
    threads_.insert(static_cast<pid_t>(made));
  else if (event == 0 && ends_a_program(signal) && crashes_ < most_crashes)
    note_crash(thread, signal);
  leave_stop(thread, status);
}

void tracer::note_crash(pid_t thread, int signal) {
  ++crashes_;
  const char* name = ::sigabbrev_np(signal);
  crash_stack_ = "thread " + std::to_string(thread) + ", at SIG" + (name ? name : "?") + ":\n";
  crash_stack_ += stack_reader(process_).read(thread);
}

std::string tracer::read_one_stack(stack_reader& reader, pid_t thread) {
  if (!threads_.contains(thread) && !seize(thread))
    return {};
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0)
    return {};
  for (int i = 0; i < most_stop_waits; ++i) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(thread), &info, WSTOPPED | WNOHANG | __WALL) != 0)
      return {};
    if (info.si_pid == 0) {
      const timespec moment{0, 1'000'000}; // there is no descriptor that tells of a stop
      ::nanosleep(&moment, nullptr);
    } else if (info.si_status >> 8 == PTRACE_EVENT_STOP) {
      auto out = reader.read(thread);
      leave_stop(thread, info.si_status);
      return out;
    } else {
      take_stop(thread, info.si_status); // it stopped for something else before
    }
  }
  return "  (it does not stop: it hangs in the kernel)\n";
}

std::string tracer::read_all_stacks() {
  stack_reader reader(process_);
  std::string out;
  for (const auto thread : threads_of(process_)) {
    const auto stack = read_one_stack(reader, thread);
    if (!stack.empty())
      out += "thread " + std::to_string(thread) + ":\n" + stack;
  }
  return out;
}

} // namespace troupe_cli::test
