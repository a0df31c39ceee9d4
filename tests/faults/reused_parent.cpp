// A program whose children's numbers are used again: another process gets the number of each child that has died. To be
// run as root in a namespace of its own for processes. Says how many of these processes there were, and how many live on.
#include <troupe/troupe.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

namespace {

pid_t own_pid() {
  return ::getpid();
}

void wait_for_a_signal() {
  for (;;)
    ::pause();
}

// A process with that number, in a group of its own, if nobody else is faster.
pid_t start_with_number(pid_t number) {
  std::ofstream("/proc/sys/kernel/ns_last_pid") << number - 1;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    wait_for_a_signal();
  }
  ::setpgid(pid, pid);
  return pid;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  int reused = 0;
  int live = 0;
  for (int round = 0; round < 20; ++round) {
    pid_t innocent = 0;
    bool same = false;
    {
      troupe::pool pool{rt, {.processes = 1, .cancel_grace = std::chrono::milliseconds(0)}};
      const pid_t child = pool.apply(own_pid).get();
      auto task = pool.apply({.timeout = std::chrono::milliseconds(20)}, wait_for_a_signal);
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0); // its number is free, whatever the pool knows of that
      innocent = start_with_number(child);
      same = innocent == child;
      try {
        task.get();
      } catch (const std::exception&) { // lost, or over its time
      }
      pool.terminate();
      pool.join();
    }
    reused += same ? 1 : 0;
    live += same && ::waitpid(innocent, nullptr, WNOHANG) == 0 ? 1 : 0;
    ::kill(innocent, SIGKILL);
    ::waitpid(innocent, nullptr, 0);
  }
  std::printf("%s, %d dead\n", reused > 0 ? "reused" : "not reused", reused - live);
}
