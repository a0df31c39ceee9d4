#include "simulation/world.hpp"

#include <cstdlib>
#include <iostream>

// The whole of a pool's rules, against everything that may happen to it.
namespace {

using troupe::simulation::coverage;
using troupe::simulation::world;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t usual_seeds = 2'000;
#else
constexpr std::uint64_t usual_seeds = 20'000;
#endif

/// With TROUPE_SEEDS=n in the environment that number, and the long form is a million.
std::uint64_t number_of_seeds() {
  const char* wanted = std::getenv("TROUPE_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : usual_seeds;
}

bool only_one_seed() {
  return std::getenv("TROUPE_TEST_SEED") != nullptr;
}

} // namespace

TEST_CASE("whatever happens to a pool, each task is resolved once and everything ends") {
  coverage seen;
  const auto seeds = number_of_seeds();
  const char* const first = std::getenv("TROUPE_TEST_SEED");
  const std::uint64_t begin = first != nullptr ? std::strtoull(first, nullptr, 10) : 1;
  const std::uint64_t end = only_one_seed() ? begin : seeds;
  for (auto seed = begin; seed <= end; ++seed) {
    INFO("replay this with TROUPE_TEST_SEED=" << seed);
    if (const auto wrong = world(seed, seen).run())
      FAIL(*wrong);
  }
  SUCCEED();
  if (std::getenv("TROUPE_SHOW") != nullptr)
    std::cout << "values " << seen.values << " throws " << seen.throws << " lost " << seen.lost
              << " timeouts " << seen.timeouts << " expired " << seen.expired << " cancelled "
              << seen.cancelled << " rejected " << seen.rejected << " undeliverable "
              << seen.undeliverable << " retried " << seen.retried << " restarted "
              << seen.restarted << " taken back " << seen.taken_back << " nested " << seen.nested
              << " lent " << seen.lent << " promoted " << seen.promoted << " gave up "
              << seen.gave_up << " stuck " << seen.stuck_ended << " did not stop "
              << seen.did_not_stop << " did not leave " << seen.did_not_leave << " start timeouts "
              << seen.start_timeouts << " failed starts " << seen.failed_starts
              << " scheduler failures " << seen.scheduler_failures << " send failures "
              << seen.send_failures << " moved " << seen.moved << " pauses " << seen.pauses
              << " drained " << seen.drained << " grown " << seen.grown << " shrunk " << seen.shrunk
              << " renewed " << seen.renewed << " recycled " << seen.recycled << " grown old "
              << seen.grown_old << " for slots " << seen.for_slots << " slots gone "
              << seen.slots_gone << " batches " << seen.batches << " divided " << seen.divided
              << " halved " << seen.halved << " lingered " << seen.lingered << " on threads "
              << seen.on_threads << " events " << seen.events << '\n';
  if (only_one_seed() || seeds < 2'000)
    return;
  // All of it has happened, or this would prove nothing.
  for (const auto count : {seen.values, seen.throws, seen.lost, seen.timeouts, seen.expired,
         seen.cancelled, seen.rejected, seen.undeliverable, seen.retried, seen.restarted,
         seen.taken_back, seen.nested, seen.lent, seen.promoted, seen.gave_up, seen.stuck_ended,
         seen.did_not_stop, seen.did_not_leave, seen.start_timeouts, seen.failed_starts,
         seen.scheduler_failures, seen.send_failures, seen.moved, seen.pauses, seen.drained,
         seen.grown, seen.shrunk, seen.renewed, seen.recycled, seen.grown_old, seen.for_slots,
         seen.slots_gone, seen.batches, seen.divided, seen.halved, seen.lingered, seen.on_threads})
    CHECK(count > 0);
}
