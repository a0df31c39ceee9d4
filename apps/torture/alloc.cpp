// Whichever allocation fails, of the loop, of the thread that starts children, or of the caller: each task has one
// outcome, and the pool comes to its end.
#include "arena.hpp"
#include "support/failing_allocation.hpp"
#include "work.hpp"

#include <troupe/pool.hpp>

#include <cstdlib>
#include <exception>
#include <iterator>

namespace torture {

namespace {

using namespace std::chrono_literals;

std::uint64_t crash(std::uint64_t task) {
  account::here().begin(task);
  std::_Exit(3);
}

// A large one, which travels in a segment.
std::string large(std::uint64_t task) {
  account::here().begin(task);
  std::string text(300'000, 'x');
  account::here().end(task);
  return text;
}

// What was refused for want of memory may have run before: its outcome is that there was none.
void note(arena& in, std::uint64_t task, const std::exception_ptr& failure) {
  pid_t blamed = 0;
  const auto how = tally::kind_of(failure, blamed);
  in.tasks.resolved(
    task, how == outcome::refused || how == outcome::threw ? outcome::any : how, blamed);
}

template <class F>
void run_one(arena& in, troupe::pool& pool, F f, bool cancels = false) {
  const auto task = in.tasks.submit();
  try {
    auto future = pool.apply(f, task);
    if (cancels)
      future.cancel();
    future.wait();
    note(in, task, future.error());
  } catch (const std::exception&) { // told to the caller, which may be what has no memory
    in.tasks.resolved(task, outcome::any);
  }
}

// A pool that does some of everything.
void live(arena& in) {
  try {
    troupe::pool pool{in.rt, {.processes = 2,
                               .start_method = in.with.method(),
                               .restart = {.intensity = 1'000'000, .backoff = 1ms}}};
    const watch::on look(in.watched, pool);
    for (int i = 0; i < 3; ++i)
      run_one(in, pool, glance);
    run_one(in, pool, nap);
    run_one(in, pool, nap, true);
    run_one(in, pool, large);
    pool.resize(3);
    run_one(in, pool, crash);
    run_one(in, pool, glance);
    pool.resize(1);
    run_one(in, pool, glance);
    pool.close();
    pool.join();
  } catch (const std::exception&) { // whoever makes or resizes a pool is told
  }
  in.tasks.beat();
}

// Whether that allocation was reached.
bool live_without(arena& in, const char* thread, std::uint64_t allocation) {
  const troupe::test::failing_allocation failing(thread, static_cast<std::int64_t>(allocation));
  live(in);
  return failing.reached();
}

std::uint64_t values_of(arena& in) {
  std::uint64_t values = 0;
  in.tasks.for_each([&](std::uint64_t, const entry& noted) {
    values += noted.how.load() == static_cast<std::uint32_t>(outcome::value) ? 1u : 0u;
  });
  return values;
}

// Children that have ended are waited for, whatever has failed.
void look_for_zombies(arena& in, const std::string& what) {
  static std::size_t known = 0;
  if (eventually([] { return footprint::now().zombies <= known; }, 60s))
    return;
  known = footprint::now().zombies;
  in.says.broken(what + " has failed, and a zombie was left");
}

} // namespace

void alloc(arena& in) {
  const auto most = in.with.tasks_or(2000, 15);
  constexpr const char* threads[] = {"troupe-loop", "troupe-launch", "troupe-torture"};
  // Of one thread there may be none: forked by a zygote, children are started without memory.
  std::uint64_t any = 0;
  for (const char* const thread : threads) {
    std::uint64_t reached = 0;
    // In the short form, some of them: others with another seed.
    const std::uint64_t step = in.with.brief ? 1 + in.random() % 20 : 1;
    for (std::uint64_t i = 0, not_reached = 0; i < most && not_reached < 5; ++i) {
      const auto number = 1 + i * step;
      const bool failed = live_without(in, thread, number);
      look_for_zombies(in, "allocation " + std::to_string(number) + " of " + thread);
      not_reached = failed ? 0 : not_reached + 1;
      reached += failed ? 1u : 0u;
    }
    in.tasks.settle();
    live(in); // with all memory again
    in.says.require(values_of(in) >= 7,
      std::string("a pool does not recover from what ") + thread + " had no memory for");
    in.says.figure(std::string(thread) + "_failures", reached);
    any += reached;
  }
  in.says.require(any > 0, "no allocation has failed");
}

} // namespace torture
