// A program that makes a pool when its input ends, and says what a task of it returns: for tests that do
// something to the program meanwhile.
#include <troupe/troupe.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>

namespace {

int square(int x) {
  return x * x;
}

void wait_for_end_of_input() {
  std::puts("up");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

void spin() {
  for (volatile bool forever = true; forever;) {
  }
}

void say_end_of_stuck_task(troupe::runtime& rt) {
  troupe::pool pool{rt, {.processes = 1, .cancel_grace = std::chrono::milliseconds(1)}};
  try {
    pool.apply({.timeout = std::chrono::milliseconds(10)}, spin).get();
  } catch (const troupe::task_timeout&) {
    std::puts("timed out");
  }
}

troupe::sandbox sandbox_of(const char* how) {
  if (std::strcmp(how, "guarded") == 0)
    return troupe::sandbox::guarded;
  return std::strcmp(how, "isolated") == 0 ? troupe::sandbox::isolated : troupe::sandbox::none;
}

void be_another_thread(const std::stop_token& stop) {
  while (!stop.stop_requested())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

} // namespace

// waiting_parent METHOD alone|threaded|stuck|guarded|isolated: with another thread; with a task that does not end by itself;
// with a sandbox.
int main(int argc, char** argv) {
  if (argc != 3)
    return EXIT_FAILURE;
  troupe::set_start_method(argv[1]);
  std::optional<std::jthread> other;
  if (std::strcmp(argv[2], "threaded") == 0)
    other.emplace(&be_another_thread);
  try {
    troupe::runtime rt{argc, argv};
    wait_for_end_of_input();
    troupe::pool pool{rt, {.processes = 1, .sandbox = sandbox_of(argv[2])}};
    std::printf("%d\n", pool.apply(square, 4).get());
    if (std::strcmp(argv[2], "stuck") == 0)
      say_end_of_stuck_task(rt);
  } catch (const std::logic_error& e) {
    wait_for_end_of_input();
    std::printf("logic_error: %s\n", e.what());
  } catch (const std::exception& e) {
    std::printf("%s\n", e.what());
  }
}
