// Children are killed at random, in whatever state they are: what they had begun is lost, and nothing else, and the
// others go on at nearly the same rate.
#include "arena.hpp"
#include "killer.hpp"
#include "map_tasks.hpp"

#include <troupe/coroutine.hpp>

namespace torture {

namespace {

constexpr std::size_t concurrency = 16;
constexpr double kills_per_second = 20;
constexpr double least_share = 0.7; // of the undisturbed throughput

struct rate {
  std::uint64_t tasks = 0;
  double seconds = 0;

  void add(std::uint64_t more, double tasks_per_second) {
    tasks += more;
    seconds += static_cast<double>(more) / tasks_per_second;
  }
  double per_second() const { return static_cast<double>(tasks) / seconds; }
};

struct rates {
  rate undisturbed;
  rate disturbed;
  std::uint64_t kills = 0;
};

// Turn and turn about, since the machine may have other work that comes and goes.
void take_turns(arena& in, troupe::pool& pool, std::uint64_t tasks, rates& measured) {
  constexpr std::uint64_t turns = 5;
  const auto disturbed = tasks / turns;
  const auto undisturbed = disturbed / 4;
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    pool.ready()(boost::asio::use_future).get();
    measured.undisturbed.add(undisturbed, map_tasks(in, pool, nap, undisturbed));
    killer kills(pool, kills_per_second, in.random());
    measured.disturbed.add(disturbed, map_tasks(in, pool, nap, disturbed));
    measured.kills += kills.kills();
  }
}

} // namespace

void kill(arena& in) {
  const auto tasks = in.with.tasks_or(1'000'000, 40'000);
  const auto end =
    std::chrono::steady_clock::now() + std::chrono::duration<double>(in.with.seconds);
  in.tasks.set_most_begun(concurrency);
  rates measured;
  std::uint64_t deaths = 0;
  do {
    {
      troupe::pool pool{in.rt, {.processes = in.with.children_or(8),
                                 .childconcurrency = concurrency,
                                 .start_method = in.with.method(),
                                 .restart = {.intensity = 1'000'000}}};
      take_turns(in, pool, tasks, measured);
      deaths += pool.stats().deaths;
    }
    in.tasks.settle();
  } while (std::chrono::steady_clock::now() < end);
  const double share = measured.disturbed.per_second() / measured.undisturbed.per_second();
  in.says.figure("kills", measured.kills);
  in.says.figure("deaths", deaths);
  in.says.figure(
    "kills_per_second", static_cast<double>(measured.kills) / measured.disturbed.seconds);
  in.says.figure("undisturbed_per_second", measured.undisturbed.per_second());
  in.says.figure("disturbed_per_second", measured.disturbed.per_second());
  in.says.figure("share", share);
  in.says.require(measured.kills > 0, "nobody was killed");
  if (!in.with.brief) // which is too short to be measured
    in.says.require(share >= least_share, "less than 0.7 of the undisturbed throughput is left");
}

} // namespace torture
