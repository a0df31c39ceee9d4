// What the parent wants of its child, and the bells that say "look".
#include "link/bell.hpp"
#include "link/shared_region.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <cstdint>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace troupe::link;

TEST_CASE("a wish to drain keeps its exit code until it is looked at") {
  const shared_region region{link_size{8}};
  auto& wanted = region.header().wanted;
  CHECK_FALSE(wanted.drain());
  for (const int code : {0, 1, 255, -1}) {
    wanted.request_drain(code);
    CHECK(wanted.drain() == code);
  }
}

TEST_CASE("marks to stop are taken once each, whatever number of cells there is") {
  for (const std::uint32_t cells : {1u, 63u, 64u, 65u, 1000u}) {
    const shared_region region{link_size{cells}};
    auto marks = region.stop_marks();
    std::vector<std::uint32_t> expected;
    for (std::uint32_t cell = 0; cell < cells; cell += 31) {
      marks.set(cell);
      marks.set(cell);
      expected.push_back(cell);
    }
    std::vector<std::uint32_t> taken;
    const auto take = [&](std::uint32_t cell) { taken.push_back(cell); };
    marks.take(take);
    CHECK(taken == expected);
    marks.take(take);
    CHECK(taken == expected);
  }
}

TEST_CASE("a thread that waits for marks misses none") {
  const shared_region region{link_size{64}};
  auto& wanted = region.header().wanted;
  constexpr std::uint32_t rounds = 20'000;
  std::thread waiting([&] {
    for (std::uint32_t seen = wanted.stop_count(); seen < rounds; seen = wanted.stop_count())
      wanted.wait_for_stop(seen);
  });
  for (std::uint32_t i = 0; i < rounds; ++i)
    wanted.announce_stop();
  waiting.join(); // it would wait for ever for one that it missed
  CHECK(wanted.stop_count() == rounds);
}

TEST_CASE("what one side does to its end of a bell does not change the other end") {
  const auto rung = make_bell();
  CHECK(::fcntl(rung.write.get(), F_SETFL, 0) == 0); // no O_NONBLOCK
  CHECK((::fcntl(rung.read.get(), F_GETFL) & O_NONBLOCK) != 0);
  const auto other = make_bell();
  CHECK(::fcntl(other.read.get(), F_SETFL, 0) == 0);
  CHECK((::fcntl(other.write.get(), F_GETFL) & O_NONBLOCK) != 0);
  const std::vector<char> rings(4096);
  while (::write(other.write.get(), rings.data(), rings.size()) > 0) {
  }
  CHECK(errno == EAGAIN);
}
