// A program that makes a pool when its input ends, and says what a task of it returns: for tests that do
// something to the program's file meanwhile.
#include <troupe/troupe.hpp>

#include <cstdio>

namespace {

int square(int x) {
  return x * x;
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1)
    troupe::set_start_method(argv[1]);
  troupe::runtime rt{argc, argv};
  std::puts("up");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  try {
    troupe::pool pool{rt, {.processes = 1}};
    std::printf("%d\n", pool.apply(square, 4).get());
  } catch (const std::exception& e) {
    std::printf("%s\n", e.what());
  }
}
