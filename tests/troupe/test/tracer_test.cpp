// A process that is traced from its beginning.
#include "command/descendants.hpp"
#include "command/start.hpp"
#include "test/process/tracer.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <thread>

#include <sched.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe_cli;
using troupe_cli::test::tracer;

namespace {

void ignore(int) {}

/// A signal comes every 50 microseconds, and interrupts system calls that wait; and they do wait, since there is one CPU
/// for all.
class signal_rain {
public:
  signal_rain() {
    REQUIRE(::sched_getaffinity(0, sizeof cpus_, &cpus_) == 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    struct sigaction interrupts {};
    interrupts.sa_handler = ignore;
    REQUIRE(::sigaction(SIGALRM, &interrupts, &before_) == 0);
    const itimerval often{{0, 50}, {0, 50}};
    REQUIRE(::setitimer(ITIMER_REAL, &often, nullptr) == 0);
  }
  signal_rain(const signal_rain&) = delete;
  ~signal_rain() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
    ::sched_setaffinity(0, sizeof cpus_, &cpus_);
  }

private:
  struct sigaction before_ {};
  cpu_set_t cpus_;
};

} // namespace

TEST_CASE(
  "a process that is traced from its beginning runs, whatever signals its tracer gets meanwhile") {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int turn = 0; turn < 300; ++turn) {
    command what{.argv = {"true"}};
    what.traced = true;
    const signal_rain rain;
    const auto started = start_command(what, {}, {});
    REQUIRE(started.traced);
    tracer traced(started.pid, tracer::begun::with_process);
    while (!has_ended(started.pid) && std::chrono::steady_clock::now() < deadline)
      traced.handle_stops();
    const bool ended = has_ended(started.pid);
    if (!ended)
      ::kill(started.pid, SIGKILL);
    ::waitpid(started.pid, nullptr, 0);
    ::close(started.pidfd);
    REQUIRE(ended);
  }
}

TEST_CASE("a process that makes threads all the time can be looked at, and ended") {
  const pid_t pid = ::fork();
  if (pid == 0)
    for (;;)
      std::thread([] {}).join();
  REQUIRE(pid > 0);
  tracer traced(pid, tracer::begun::later);
  for (int turn = 0; turn < 50; ++turn) {
    static_cast<void>(traced.read_all_stacks());
    traced.handle_stops();
  }
  ::kill(pid, SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!has_ended(pid) && std::chrono::steady_clock::now() < deadline)
    traced.handle_stops();
  REQUIRE(has_ended(pid));
  ::waitpid(pid, nullptr, 0);
}
