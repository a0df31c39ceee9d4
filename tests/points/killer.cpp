// Kills one child of a test at a point that it is told: before a certain system call, or between two instructions. It
// hears of orders on its stdin, a socket (killer_protocol.hpp), and ends with it.
#include "points/killer_protocol.hpp"
#include "points/marker.hpp"
#include "points/tracing.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <poll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/user.h>
#include <unistd.h>

namespace {

using namespace troupe::test;

// One that has nothing more to do waits instead.
constexpr std::uint64_t most_steps = 5'000;

class killer : public tracing {
public:
  killer()
    : tracing(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE) {}

  killer_report obey(const killer_order& order) {
    if (order.what == killer_order::kind::trace) {
      killer_report answer;
      answer.done = seize(static_cast<pid_t>(order.number));
      return answer;
    }
    if (order.what != killer_order::kind::tell) {
      order_ = order;
      report_ = {};
      left_to_skip_ = order.skip;
    }
    return report_;
  }

private:
  void begins(tracee& one) override {
    if (one.thread != one.process || order_.number == 0 || report_.done)
      return;
    report_.done = true;
    report_.pid = one.process;
    one.goes = tracee::pace::calls;
  }

  void at_call(tracee& one, const call_stop& call) override {
    if (one.process != report_.pid || report_.killed)
      return;
    const bool is_entry = call.op == PTRACE_SYSCALL_INFO_ENTRY;
    if (order_.what == killer_order::kind::at_call) {
      if (!is_entry)
        return;
      report_.call = call.entry.nr;
      if (++report_.count == order_.number)
        kill();
    } else if (is_entry && is_marker(marker::begin, call.entry.nr, call.entry.args[0])) {
      begins_now_ = left_to_skip_ == 0;
      if (left_to_skip_ > 0)
        --left_to_skip_;
    } else if (!is_entry && begins_now_) {
      begins_now_ = false;
      one.goes = tracee::pace::one_by_one;
    }
  }

  void at_step(tracee& one) override {
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, one.thread, nullptr, &registers) != 0)
      return;
    if (is_marker(marker::end, registers.rax, registers.rdi) || // it is about to be called
        report_.count == most_steps) {
      one.goes = tracee::pace::free;
      return;
    }
    if (++report_.count == order_.number)
      kill();
  }

  void kill() {
    report_.killed = true;
    ::kill(report_.pid, SIGKILL);
  }

  killer_order order_;
  killer_report report_;
  std::uint64_t left_to_skip_ = 0;
  bool begins_now_ = false;
};

} // namespace

int main() {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const int stops = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  killer one;
  for (;;) {
    pollfd waited[] = {{0, POLLIN, 0}, {stops, POLLIN, 0}};
    if (::poll(waited, 2, -1) < 0)
      continue;
    signalfd_siginfo unused{};
    while (::read(stops, &unused, sizeof unused) > 0) {
    }
    one.handle_stops(); // what happened before an order comes before it
    if (waited[0].revents == 0)
      continue;
    killer_order order;
    if (::read(0, &order, sizeof order) != sizeof order)
      return EXIT_SUCCESS;
    const auto answer = one.obey(order);
    if (::write(0, &answer, sizeof answer) != sizeof answer)
      return EXIT_FAILURE;
  }
}
