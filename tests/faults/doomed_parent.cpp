// A program with a pool, to be killed by a test: says "up" and keeps its children as it was asked.
#include <troupe/troupe.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

pid_t own_pid_of(int) {
  return ::getpid();
}

void spin() {
  for (volatile bool forever = true; forever;) {
  }
}

void stop() {
  ::raise(SIGSTOP);
}

// As a tool that a task runs.
void start_tool() {
  if (::fork() == 0) {
    ::execlp("sleep", "sleep", "3600", static_cast<char*>(nullptr));
    ::_exit(127);
  }
}

// The kernel forgets then that the process is to end with its parent.
void change_user_and_spin() {
  if (::getuid() == 0 && ::setuid(65534) != 0)
    throw std::runtime_error("setuid failed");
  spin();
}

} // namespace

// doomed_parent [HOW [START_METHOD]]
int main(int argc, char** argv) {
  if (argc > 2)
    troupe::set_start_method(argv[2]);
  troupe::runtime rt{argc, argv};
  const std::string how = argc > 1 ? argv[1] : "idle";
  troupe::pool pool{rt, {.processes = 3}};
  if (how != "starting")
    pool.map(own_pid_of, std::vector<int>(64)).get();
  if (how == "tools")
    for (auto& started : pool.broadcast(start_tool))
      started.get();
  std::puts("up");
  std::fflush(stdout);
  std::vector<troupe::task_future<void>> tasks;
  for (int i = 0; i < 3; ++i) {
    if (how == "busy")
      tasks.push_back(pool.apply(spin));
    if (how == "stopped")
      tasks.push_back(pool.apply(stop));
    if (how == "other_user")
      tasks.push_back(pool.apply(change_user_and_spin));
  }
  std::this_thread::sleep_for(std::chrono::hours(1));
}
