// A program whose pool is to grow while its user may have no more processes and threads, and after that. Says what
// became of it. To be run by another user than root, whom that limit does not bind.
#include <troupe/troupe.hpp>

#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace {

int square(int x) {
  return x * x;
}

pid_t own_pid() {
  return ::getpid();
}

std::vector<pid_t> pids_of(const troupe::pool& pool) {
  std::vector<pid_t> pids;
  for (const auto& child : pool.stats().children)
    pids.push_back(child.pid);
  return pids;
}

// What the user may have of processes and threads together.
void limit_processes(rlim_t most) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  limit.rlim_cur = most == RLIM_INFINITY ? limit.rlim_max : most;
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0)
    std::_Exit(3);
}

void say(const std::string& text) {
  std::cout << text << std::endl;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 2, .restart = {.backoff = std::chrono::milliseconds(1)}}};
  pool.ready()(boost::asio::use_future).get();
  const auto before = pids_of(pool);
  limit_processes(1);
  pool.resize(5);
  auto everywhere = pool.broadcast(own_pid);
  std::vector<int> numbers(500, 3);
  int sum = 0;
  for (const int value : pool.map(square, numbers))
    sum += value;
  const auto during = pids_of(pool);
  say("while there are none: sum " + std::to_string(sum) + ", " + std::to_string(during.size()) +
      " slots" + (during[0] == before[0] && during[1] == before[1] ? ", the same children" : "") +
      (during[2] == 0 && during[3] == 0 && during[4] == 0 ? ", no others" : ""));
  limit_processes(RLIM_INFINITY);
  pool.ready()(boost::asio::use_future).get();
  for (auto& answer : everywhere)
    answer.get();
  const auto after = pids_of(pool);
  say("after that: " + std::to_string(after.size()) + " slots" +
      (after[0] == before[0] && after[1] == before[1] ? ", the same children" : ""));
}
