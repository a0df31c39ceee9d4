// A child that writes what it must not: the parent stays intact and ends that child, and nothing else.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/link_memory.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/socket.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// Overwrites the shared memory with random bytes while the parent reads it, and dies.
void scribble(unsigned seed) {
  std::mt19937 random(seed);
  const auto memory = link_memory();
  for (int i = 0; i < 100'000; ++i) {
    const auto& part = memory[random() % memory.size()];
    part[random() % part.size()] = static_cast<std::uint8_t>(random());
  }
  ::_exit(1);
}

// As `scribble`, in the header with its indices and the first frames of the rings.
void scribble_indices(unsigned seed) {
  std::mt19937 random(seed);
  const auto memory = link_memory();
  for (int i = 0; i < 20'000; ++i)
    memory[0][random() % 1024] = static_cast<std::uint8_t>(random());
  ::_exit(1);
}

void write_garbage_to_every_descriptor() {
  const char garbage[512] = "garbage";
  for (int fd = 3; fd < 256; ++fd)
    if (::send(fd, garbage, sizeof garbage, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) [[maybe_unused]]
      const auto written = ::write(fd, garbage, 8);
}

void close_everything() {
  for (int fd = 3; fd < 1024; ++fd)
    ::close(fd);
}

int truncate_the_link() {
  // The descriptor is closed, so it is looked for under its mapping; there is none to be found.
  int truncated = 0;
  for (int fd = 3; fd < 256; ++fd)
    truncated += ::ftruncate(fd, 0) == 0 ? 1 : 0;
  return truncated;
}

} // namespace

TEST_CASE("a child that scribbles over its link costs nothing but its own task") {
  troupe::pool pool{rt(), {.processes = 2}};
  for (unsigned seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    auto hostile = pool.apply(seed % 2 == 0 ? scribble : scribble_indices, seed);
    CHECK_THROWS(hostile.get());
    REQUIRE(pool.apply(square, 3).get() == 9);
  }
}

TEST_CASE("garbage on every descriptor reaches nobody") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.apply(write_garbage_to_every_descriptor).get();
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a child that closes its link and lives on is killed") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto hostile = pool.apply([] {
    close_everything();
    std::this_thread::sleep_for(std::chrono::hours(1));
  });
  CHECK_THROWS_AS(hostile.get(), troupe::child_lost);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a child cannot truncate the shared memory under its parent") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(truncate_the_link).get() == 0);
}

TEST_CASE("a grandchild that keeps the descriptors does not hide a death") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto fork_and_die = [] {
    if (::fork() == 0) {
      std::this_thread::sleep_for(2s); // the span for which it holds on to them
      ::_exit(0);
    }
    ::_exit(3);
  };
  try {
    pool.apply(fork_and_die).get();
    FAIL("the task had a value");
  } catch (const troupe::child_lost& loss) {
    CHECK(loss.exit_code() == 3);
  }
  CHECK(pool.apply(square, 3).get() == 9);
}
