// A program whose children's output is captured, and written by the loggers that troupe makes.
#include <troupe/troupe.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1, .name = "loud", .output = troupe::output::capture}};
  pool
    .apply([] {
      std::puts("to stdout");
      std::fputs("to stderr\n", stderr);
    })
    .get();
  pool.close();
  pool.join();
}
