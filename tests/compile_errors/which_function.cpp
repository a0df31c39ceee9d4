// MISTAKE 1 to 9 name functions of which the compiler cannot know which one is meant, and troupe's message says what to
// write instead. 0 is none, and compiles: functions after options in braces, whose type is not known either.
#include <troupe/pool.hpp>
#include <troupe/task_registry.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

int half(int x) {
  return x / 2;
}
double half(double x) { // NOLINT: one of two
  return x / 2;
}

template <class T>
T twice(T x) {
  return x + x;
}

int square(int x) {
  return x * x;
}

struct point {
  int x = 0;
  int y = 0;
};
int distance(point from, point to) {
  return (to.x - from.x) + (to.y - from.y);
}

struct squarer {
  int operator()(int x) const { return x * x; }
};
struct any_squarer {
  template <class T>
  T operator()(T x) const {
    return x * x;
  }
};

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  const std::vector numbers{1, 2};
#if MISTAKE == 0
  int (*const pointer)(int) = square;
  pool.apply({.priority = 1}, square, 3).get();
  pool.apply({}, &square, 3).get();
  pool.apply({}, std::abort);
  pool.apply(std::exit, 0);
  pool.apply({}, pointer, 3).get();
  pool.apply({}, twice<int>, 3).get();
  pool.apply({}, static_cast<int (*)(int)>(half), 3).get();
  pool
    .apply(
      {}, [](int x) { return half(x); }, 3)
    .get();
  pool
    .apply(
      {}, [](auto x) { return half(x); }, 3)
    .get();
  pool.apply({}, [] {}).get();
  pool.apply({}, squarer{}, 3).get();
  pool.apply({}, any_squarer{}, 3).get();
  pool.apply({}, troupe::blocking(square), 3).get();
  pool.apply({}, distance, point{1, 2}, point{3, 4}).get();
  pool.handle().apply({}, square, 3).get();
  pool.broadcast({}, square, 3);
  pool.map({}, square, numbers).get();
#elif MISTAKE == 1
  pool.apply(half, 3);
#elif MISTAKE == 2
  pool.apply(twice, std::string("2"));
#elif MISTAKE == 3
  pool.apply({}, half, 3);
#elif MISTAKE == 4
  pool.broadcast(half, 3);
#elif MISTAKE == 5
  pool.map(half, numbers);
#elif MISTAKE == 6
  pool.map_unordered({.chunksize = 2}, half, numbers);
#elif MISTAKE == 7
  pool.handle().apply(half, 3);
#elif MISTAKE == 8
  troupe::blocking(half);
#elif MISTAKE == 9
  troupe::task_registry().add("half", half);
#endif
}
