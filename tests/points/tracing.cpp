#include "points/tracing.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/ptrace.h>
#include <sys/wait.h>

namespace troupe::test {
namespace {

constexpr int of_a_call = SIGTRAP | 0x80; // PTRACE_O_TRACESYSGOOD

pid_t process_of(pid_t thread) {
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Tgid:"))
      return std::stoi(line.substr(5));
  return thread;
}

bool stops_a_group(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

} // namespace

bool tracing::seize(pid_t process, tracee::pace goes) {
  bool some = false;
  // Threads that are made meanwhile are those of threads that are traced already, or are found in the next round.
  for (bool again = true; again;) {
    again = false;
    std::error_code error;
    const auto folder = "/proc/" + std::to_string(process) + "/task";
    for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
      const auto thread = static_cast<pid_t>(std::stoi(each.path().filename().string()));
      if (tracees_.contains(thread) ||
          ::ptrace(PTRACE_SEIZE, thread, nullptr, options_ | PTRACE_O_TRACESYSGOOD) != 0)
        continue;
      tracees_[thread] = {thread, process, goes};
      if (goes != tracee::pace::free) // it takes the pace when it stops
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
      some = again = true;
    }
  }
  return some;
}

void tracing::handle_stops() {
  int status = 0;
  for (pid_t thread = 0; (thread = ::waitpid(-1, &status, __WALL | WNOHANG)) > 0;)
    handle(thread, status);
}

void tracing::handle(pid_t thread, int status) {
  if (WIFSTOPPED(status)) {
    at_stop(find(thread), status);
    return;
  }
  const auto found = tracees_.find(thread);
  if (found == tracees_.end())
    return;
  const auto one = found->second;
  tracees_.erase(found);
  ended(one, status);
}

tracee& tracing::find(pid_t thread) {
  const auto [found, is_new] = tracees_.try_emplace(thread);
  auto& one = found->second;
  if (is_new) {
    one = {thread, process_of(thread), tracee::pace::free};
    if (one.process != thread)
      if (const auto first = tracees_.find(one.process); first != tracees_.end())
        one.goes =
          first->second.goes == tracee::pace::free ? tracee::pace::free : tracee::pace::calls;
    begins(one);
  }
  return one;
}

void tracing::at_stop(tracee& one, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  siginfo_t info{};
  if (signal == of_a_call) {
    call_stop call{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, one.thread, sizeof call, &call) > 0)
      at_call(one, call);
    go_on(one, 0);
  } else if (event == PTRACE_EVENT_STOP && stops_a_group(signal)) {
    ::ptrace(PTRACE_LISTEN, one.thread, nullptr, nullptr);
  } else if (event != 0) {
    go_on(one, 0);
  } else if (signal == SIGTRAP && one.goes == tracee::pace::one_by_one &&
             ::ptrace(PTRACE_GETSIGINFO, one.thread, nullptr, &info) == 0 &&
             (info.si_code == TRAP_TRACE ||
               info.si_code == TRAP_BRKPT)) { // also after a system call
    at_step(one);
    go_on(one, 0);
  } else {
    go_on(one, signal);
  }
}

// One that has been killed meanwhile is told by its end.
void tracing::go_on(const tracee& one, int signal) const {
  const auto request = one.goes == tracee::pace::calls        ? PTRACE_SYSCALL
                       : one.goes == tracee::pace::one_by_one ? PTRACE_SINGLESTEP
                                                              : PTRACE_CONT;
  ::ptrace(request, one.thread, nullptr, static_cast<long>(signal));
}

} // namespace troupe::test
