// A task that its child cannot take in fails by itself: the child lives on.
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <cstddef>
#include <new>
#include <vector>

#include <unistd.h>

using namespace troupe::test;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they reserve terabytes

namespace {

std::size_t count(const std::vector<char>& items) {
  return items.size();
}

std::vector<char> make(std::size_t size) {
  return std::vector<char>(size);
}

int pid_of_child() {
  return ::getpid();
}

} // namespace

TEST_CASE("arguments and results that do not fit into a child's memory are that task's failure") {
  troupe::pool pool{rt(), {.processes = 1, .limits = {.address_space = std::size_t{400} << 20}}};
  const int child = pool.apply(pid_of_child).get();
  auto argument = pool.apply(count, std::vector<char>(std::size_t{200} << 20));
  CHECK_THROWS_AS(argument.get(), std::bad_alloc);
  auto blocking = pool.apply(troupe::blocking(make), std::size_t{600} << 20);
  CHECK_THROWS_AS(blocking.get(), std::bad_alloc);
  auto result = pool.apply(make, std::size_t{600} << 20);
  CHECK_THROWS_AS(result.get(), std::bad_alloc);
  CHECK(pool.apply(count, std::vector<char>(1000)).get() == 1000);
  CHECK(pool.apply(pid_of_child).get() == child);
}

#endif
