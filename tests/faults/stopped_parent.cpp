// A program that submits many short tasks with a timeout, and says how many of them ran into it: a test
// stops it meanwhile.
#include <troupe/troupe.hpp>

#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

int short_task(int x) {
  std::this_thread::sleep_for(std::chrono::microseconds(500));
  return x;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 2}};
  pool.apply(short_task, 0).get();
  std::vector<troupe::task_future<int>> tasks;
  for (int i = 0; i < 1500; ++i)
    tasks.push_back(
      pool.apply(troupe::task_options{.timeout = std::chrono::milliseconds(500)}, short_task, i));
  std::puts("submitted");
  std::fflush(stdout);
  int timeouts = 0;
  for (auto& task : tasks) {
    try {
      task.get();
    } catch (const troupe::task_timeout&) {
      ++timeouts;
    }
  }
  std::printf("%d timeouts\n", timeouts);
}
