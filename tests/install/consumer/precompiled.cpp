// Includes nothing: it compiles only where troupe/pool.hpp is precompiled into it.
int twice(int x) {
  return 2 * x;
}

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  return pool.apply(twice, 21).get() == 42 ? 0 : 1;
}
