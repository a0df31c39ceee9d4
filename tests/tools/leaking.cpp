// For check-leaks.sh: a child that loses memory.
#include <troupe/pool.hpp>

namespace {

int lose(int count) {
  for (int i = 0; i < count; ++i) {
    volatile auto* lost = new int[100];
    lost[0] = i;
  }
  return count;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  // The search for what was lost takes a while.
  troupe::pool pool{rt, {.processes = 1, .shutdown_timeout = std::chrono::minutes(5)}};
  const int lost = argc > 1 ? pool.apply(lose, 100).get() : 0;
  pool.close();
  pool.join();
  return lost == 0 || lost == 100 ? 0 : 1;
}
