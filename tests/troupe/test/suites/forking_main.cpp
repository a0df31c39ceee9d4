// The main of suites whose tests are forked. It counts how often the program has been executed: each time makes a file in a
// folder that the environment names.
#define CATCH_CONFIG_RUNNER
#include <troupe/testing/catch2.hpp>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <unistd.h>

namespace {

// A program with threads cannot be forked.
struct early_thread {
  early_thread() {
    if (std::getenv("EARLY_THREAD") != nullptr)
      std::thread([] { ::pause(); }).detach();
  }
};
const early_thread maybe;

struct execution {
  execution() {
    const char* folder = std::getenv("EXECUTIONS");
    if (folder != nullptr)
      std::ofstream(std::string(folder) + '/' + std::to_string(::getpid())).put('x');
  }
};
const execution counted;

} // namespace

int main(int argc, char** argv) {
  return troupe::testing::run_catch2(argc, argv);
}
