#pragma once

#include <chrono>
#include <cstdlib>
#include <thread>

// Functions that processes of the tests run.
namespace troupe::test {

inline void do_nothing() {}

inline void sleep_long() {
  std::this_thread::sleep_for(std::chrono::hours(1));
}

inline void exit_with(int code) {
  std::exit(code);
}

} // namespace troupe::test
