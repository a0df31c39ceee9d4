// For check-gcov.sh: lines that only children run, and one that nobody does.
#include <troupe/pool.hpp>

namespace {

int run_in_a_child(int x) {
  if (x < 0)
    return 0;   // line of nobody
  return x * x; // line of children
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 2, .shutdown_timeout = std::chrono::minutes(2)}};
  const int sum = pool.apply(run_in_a_child, 3).get() + pool.apply(run_in_a_child, 4).get();
  pool.close();
  pool.join();
  return sum == 25 ? 0 : 1;
}
