#pragma once

#include "base/limits.hpp"
#include "link/frame.hpp"
#include "link/shared_region.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/link_memory.hpp"
#include "support/process_info.hpp"

#include <troupe/errors.hpp>
#include <troupe/pool.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

// For children that write what they must not, and for whoever sees what becomes of it.
namespace troupe::test {

/// The link of this child, found as an attacker would.
class own_link {
public:
  own_link()
    : memory_(link_memory()) {}

  link::region_header& header() const {
    return *reinterpret_cast<link::region_header*>(memory_.front().data());
  }
  /// The cell of the task that is on the CPU.
  std::uint32_t own_cell() const { return static_cast<std::uint32_t>(header().current.load() - 1); }
  /// Writes a frame into the ring to the parent, behind the back of the library.
  void write(link::frame_header frame, std::span<const std::byte> payload = {}) const {
    auto& shared = header().to_parent;
    // The ring comes twice, one after the other: a frame may go on beyond its end.
    auto* const ring = memory_.back().data() + memory_.back().size() - 2 * limits::ring_bytes;
    const auto head = shared.head.load();
    frame.generation = 1;
    frame.length = static_cast<std::uint32_t>(payload.size());
    auto* const at = ring + head % limits::ring_bytes;
    std::memcpy(at, &frame, sizeof frame);
    if (!payload.empty())
      std::memcpy(at + sizeof frame, payload.data(), payload.size());
    shared.head.store(head + sizeof frame + link::align8(payload.size()));
  }

private:
  std::vector<std::span<std::uint8_t>> memory_;
};

/// Waits for a task while asking the pool for its numbers, which makes the parent look at its rings.
template <class Future>
bool wait_looking(pool& of, Future& future) {
  return eventually([&] {
    static_cast<void>(of.stats());
    return future.done();
  });
}

/// The task has broken the rules of the link: its child was ended for that, and the pool goes on.
template <class Future>
void check_ended_by_violation(pool& of, Future& hostile) {
  REQUIRE(wait_looking(of, hostile));
  try {
    hostile.get();
    FAIL("the task had a value");
  } catch (const child_lost& lost) {
    CHECK(lost.signal() == SIGKILL);
    CHECK_THAT(lost.what(), ContainsSubstring("protocol violation"));
  }
  CHECK(of.apply(square, 3).get() == 9);
}

} // namespace troupe::test
