#pragma once

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace troupe::test {

/// The same numbers on each machine for the same seed.
class random_source {
public:
  explicit random_source(std::uint64_t seed)
    : engine_(seed) {}

  /// 0 to `limit` - 1.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::uint64_t word() { return engine_(); }
  /// An element of something that is not empty.
  template <class Container>
  auto& pick(Container& from) {
    return from[below(std::size(from))];
  }

private:
  std::mt19937_64 engine_;
};

/// Calls `body(random_source&)` for the seeds 1 to `count`. A failure prints its seed; with
/// TROUPE_TEST_SEED=n in the environment only that one runs.
template <class Body>
void for_each_seed(std::uint64_t count, Body body) {
  const char* only = std::getenv("TROUPE_TEST_SEED");
  const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t last = only != nullptr ? first : count;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    INFO("replay this with TROUPE_TEST_SEED=" << seed);
    random_source random(seed);
    body(random);
  }
}

inline std::vector<std::byte> random_bytes(random_source& random, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (auto& byte : bytes)
    byte = static_cast<std::byte>(random.word());
  return bytes;
}

} // namespace troupe::test
