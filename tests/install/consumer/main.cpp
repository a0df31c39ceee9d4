#include <troupe/troupe.hpp>

#include <cstdio>
#include <vector>

int square(int x) {
  return x * x;
}

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  const auto squares = pool.map(square, std::vector{1, 2, 3}).get();
  std::printf("%d %d %d\n", squares[0], squares[1], squares[2]);
  return squares == std::vector{1, 4, 9} ? 0 : 1;
}
