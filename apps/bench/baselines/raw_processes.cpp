#include "baselines.hpp"
#include "peer.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

void wait_for(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

pid_t fork_one() {
  const pid_t pid = ::fork();
  if (pid == 0)
    ::_exit(0);
  return pid;
}

pid_t execute_one() {
  char name[] = "true";
  char* argv[] = {name, nullptr};
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, name, nullptr, nullptr, argv, environ);
  if (failed != 0)
    throw unavailable(std::string("true cannot be executed: ") + std::strerror(failed));
  return pid;
}

contender processes(const char* name, pid_t (*begin_one)(), long count) {
  return {name, [begin_one, count]() -> std::vector<reading> {
            const auto begin = clock::now();
            for (long i = 0; i < count; ++i)
              wait_for(begin_one());
            return {{"a task", seconds_since(begin) * 1000 / static_cast<double>(count), "ms"}};
          }};
}

void sleep_for_ever(void*) {
  for (;;)
    ::pause();
}

double death_ms() {
  const peer victim(sleep_for_ever, nullptr);
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, victim.pid(), 0));
  if (descriptor < 0)
    throw unavailable(std::string("pidfd_open: ") + std::strerror(errno));
  const auto begin = clock::now();
  ::kill(victim.pid(), SIGKILL);
  pollfd waited{descriptor, POLLIN, 0};
  while (::poll(&waited, 1, -1) < 0 && errno == EINTR) {
  }
  const double took = microseconds_since(begin) / 1000;
  ::close(descriptor);
  return took;
}

} // namespace

contender forked_processes(long count) {
  return processes("fork, _exit, waitpid", fork_one, count);
}

contender executed_processes(long count) {
  return processes("posix_spawn of true, waitpid", execute_one, count);
}

contender kernel_deaths(long count) {
  return {"a forked process, its pidfd", [count] {
            std::vector<double> times;
            for (long i = 0; i < count; ++i)
              times.push_back(death_ms());
            return percentiles(std::move(times), "ms");
          }};
}

} // namespace bench
