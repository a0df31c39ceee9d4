// Traces the system calls of a program, not those of its children, from a `marker::begin` to a `marker::end`:
//     points_call_tracer SECONDS list PROGRAM [ARGUMENT...]
//     points_call_tracer SECONDS NUMBER INDEX ERROR PROGRAM [ARGUMENT...]
// The first says how often it makes each. In the second the call of that number fails for once, the INDEX-th time, from 1.
// What the program writes to stdout and stderr comes first. A program that takes too long is ended.
#include "points/marker.hpp"
#include "points/tracing.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace troupe::test;

struct failing_call {
  unsigned long number = 0;
  unsigned long index = 0; // 0: none
  long error = 0;
};

// The runtime has tried whether its threads can be started, all at once, when CAF starts its own; which ends the program
// where that fails nevertheless.
constexpr unsigned long threads_tried = 9;
constexpr unsigned long threads_of_caf = 3;
// Asio does not look whether it can watch the two descriptors that it has for itself.
constexpr unsigned long watches_of_asio = 2;

// Others of these numbers do not fail, or not so.
bool may_fail(unsigned long number, const unsigned long long* arguments) {
  const auto operation = static_cast<int>(arguments[1]);
  switch (number) {
  case SYS_fcntl:
    return operation == F_DUPFD_CLOEXEC || operation == F_DUPFD;
  case SYS_write: // an eventfd takes its number at once
    return arguments[2] != sizeof(std::uint64_t);
  case SYS_epoll_ctl:
    return operation == EPOLL_CTL_ADD;
  case SYS_futex:
    return (operation & FUTEX_CMD_MASK) == FUTEX_WAIT ||
           (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
  default:
    return true;
  }
}

class call_tracer : public tracing {
public:
  call_tracer(pid_t program, const failing_call& failing)
    : tracing(PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
    , program_(program)
    , failing_(failing) {}

  bool is_over() const { return over_; }
  int status() const { return status_; }
  const std::map<unsigned long, unsigned long>& counts() const { return counts_; }
  bool has_failed() const { return failed_; }

private:
  void at_call(tracee& one, const call_stop& call) override {
    if (call.op == PTRACE_SYSCALL_INFO_ENTRY)
      before(one, call.entry.nr, reinterpret_cast<const unsigned long long*>(call.entry.args));
    else if (fails_now_.erase(one.thread) > 0)
      ::ptrace(PTRACE_POKEUSER, one.thread, offsetof(user, regs.rax), -failing_.error);
  }

  void before(const tracee& one, unsigned long number, const unsigned long long* arguments) {
    if (is_marker(marker::begin, number, arguments[0]))
      looks_ = true;
    else if (is_marker(marker::end, number, arguments[0]))
      looks_ = false;
    else if (looks_ && !is_of_others(number) && may_fail(number, arguments) &&
             ++counts_[number] == failing_.index && number == failing_.number) {
      ::ptrace(PTRACE_POKEUSER, one.thread, offsetof(user, regs.orig_rax), -1L); // none
      fails_now_.insert(one.thread);
      failed_ = true;
    }
  }

  // Of what CAF and Asio do not bear.
  bool is_of_others(unsigned long number) {
    const auto before = threads_;
    if (number == SYS_clone3 || number == SYS_clone)
      ++threads_;
    return (before >= threads_tried && before < threads_tried + threads_of_caf) ||
           (number == SYS_epoll_ctl && watches_++ < watches_of_asio);
  }

  void ended(const tracee& one, int status) override {
    if (one.thread != program_)
      return;
    over_ = true;
    status_ = status;
  }

  pid_t program_;
  failing_call failing_;
  bool looks_ = false;
  unsigned long threads_ = 0;
  unsigned long watches_ = 0;
  bool failed_ = false;
  bool over_ = false;
  int status_ = 0;
  std::set<pid_t> fails_now_;
  std::map<unsigned long, unsigned long> counts_;
};

// It waits until it is traced, and executes the program then.
pid_t start(char** arguments, int go, int unused) {
  const pid_t pid = ::fork();
  if (pid != 0)
    return pid;
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close(unused);
  char byte = 0;
  while (::read(go, &byte, 1) < 0) {
  }
  ::close(go);
  ::dup2(1, 2);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4)
    return EXIT_FAILURE;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  failing_call failing;
  int program_at = 3;
  if (std::string(argv[2]) != "list") {
    failing = {std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10),
      std::strtol(argv[4], nullptr, 10)};
    program_at = 5;
  }
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const int stops = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  int go[2];
  if (::pipe(go) != 0)
    return EXIT_FAILURE;
  const pid_t program = start(argv + program_at, go[0], go[1]);
  call_tracer tracer(program, failing);
  const bool traces = tracer.seize(program, tracee::pace::calls);
  ::close(go[0]);
  ::close(go[1]);
  bool hangs = false;
  while (!tracer.is_over()) {
    if (std::chrono::steady_clock::now() > end && !hangs) {
      hangs = true;
      ::kill(program, SIGKILL);
    }
    pollfd waited{stops, POLLIN, 0};
    ::poll(&waited, 1, 1000);
    signalfd_siginfo unused{};
    while (::read(stops, &unused, sizeof unused) > 0) {
    }
    tracer.handle_stops();
    if (!traces)
      break;
  }
  if (!traces)
    std::printf("untraced\n");
  else if (hangs)
    std::printf("hang\n");
  else if (WIFSIGNALED(tracer.status()))
    std::printf("signal %d\n", WTERMSIG(tracer.status()));
  else
    std::printf("exit %d\n", WEXITSTATUS(tracer.status()));
  if (tracer.has_failed())
    std::printf("failed\n");
  if (failing.index == 0)
    for (const auto& [number, count] : tracer.counts())
      std::printf("call %lu %lu\n", number, count);
  std::printf("end\n");
}
