// For check-valgrind.sh: the README's first program, in short.
#include <troupe/pool.hpp>

#include <iostream>
#include <vector>

namespace {

int square(int x) {
  return x * x;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  // Valgrind takes its time.
  troupe::pool pool{rt, {.processes = 2,
                          .start_timeout = std::chrono::minutes(2),
                          .shutdown_timeout = std::chrono::minutes(2)}};
  int sum = pool.apply(square, 0).get();
  for (const int v : pool.map(square, std::vector{3, 4}))
    sum += v;
  pool.close();
  pool.join();
  std::cout << sum << '\n';
}
