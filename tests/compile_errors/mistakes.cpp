// Each MISTAKE must be refused by the compiler, with a message that helps. 0 is none, and compiles.
#include <troupe/call.hpp>

#include <string>

namespace {

struct point {
  int x = 0;
  int y = 0;
};

struct opaque {
  opaque() = default;
  virtual ~opaque() = default;
};

int distance(point from, point to) {
  return (to.x - from.x) + (to.y - from.y);
}

void change(int&) {}

void use_pointer(point*) {}

opaque make_opaque() {
  return {};
}

} // namespace

int main() {
  int number = 1;
#if MISTAKE == 0
  troupe::call(distance, point{1, 2}, point{3, 4});
#elif MISTAKE == 1
  troupe::call([number](int x) { return x + number; }, 3);
#elif MISTAKE == 2
  troupe::call(distance, point{1, 2});
#elif MISTAKE == 3
  troupe::call(distance, point{1, 2}, std::string("here"));
#elif MISTAKE == 4
  troupe::call(change, number);
#elif MISTAKE == 5
  point here;
  troupe::call(use_pointer, &here);
#elif MISTAKE == 6
  troupe::call(make_opaque);
#endif
  return number - 1;
}
