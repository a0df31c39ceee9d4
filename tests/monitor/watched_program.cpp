// A program that can be watched. It runs until its input is closed. With "fork" a copy of it lives on, until it is
// killed.
#include <troupe/pool.hpp>

#include <cstdio>
#include <string_view>

#include <unistd.h>

namespace {

int identity(int x) {
  return x;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt(argc, argv, {.control = true});
  troupe::pool pool(rt, {.processes = 1, .name = "program"});
  pool.apply(identity, 1).get();
  if (argc > 1 && std::string_view(argv[1]) == "fork") {
    const pid_t copy = ::fork();
    if (copy == 0)
      for (;;)
        ::pause();
    std::printf("copy %d\n", static_cast<int>(copy));
  }
  std::puts("ready");
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}
