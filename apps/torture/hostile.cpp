// Children that write garbage to everything that they share with the parent: children of other pools lose nothing, and
// the parent's memory, descriptors and loop are as before.
#include "arena.hpp"
#include "link_attack.hpp"
#include "map_tasks.hpp"

#include <troupe/coroutine.hpp>

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

namespace torture {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t most_growth_kib = 1024;
constexpr double most_latency_ms = 10;

enum class afterwards : std::uint64_t { ends, lingers, returns };

std::uint64_t attack(
  std::uint64_t task, std::uint64_t way, std::uint64_t seed, std::uint64_t then) {
  account::here().begin(task);
  // A child that finds its link broken says so.
  ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
  attack_link(way, seed);
  switch (static_cast<afterwards>(then)) {
  case afterwards::ends:
    ::_exit(1);
  case afterwards::lingers:
    for (;;)
      ::pause();
  case afterwards::returns:
    break;
  }
  return answer(task);
}

// A child of its own: it may not be one that can be used again.
void one_session(arena& in) {
  const auto task = in.tasks.submit();
  const auto way = in.random() % attack_ways;
  const auto then = in.random() % 3;
  troupe::pool pool{in.rt, {.processes = 1,
                             .start_method = in.with.method(),
                             .shutdown_timeout = std::chrono::milliseconds(0),
                             .cancel_grace = std::chrono::milliseconds(0)}};
  const watch::on look(in.watched, pool);
  auto hostile = pool.apply(troupe::task_options{.timeout = std::chrono::milliseconds(200)}, attack,
    task, way, in.random(), then);
  hostile.wait();
  in.tasks.resolved(task, outcome::any);
  pool.terminate();
  pool.join();
}

// Measures now and then how long the parent's loop takes to come to a new job.
class latency {
public:
  explicit latency(troupe::runtime& rt)
    : thread_([this, &rt](const std::stop_token& over) {
      while (!over.stop_requested()) {
        const auto posted = clock::now();
        boost::asio::post(rt.executor(), boost::asio::use_future([this, posted] {
          milliseconds_.push_back(
            std::chrono::duration<double, std::milli>(clock::now() - posted).count());
        }))
          .get();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }) {}
  latency(const latency&) = delete;

  double quantile(double q) {
    thread_.request_stop();
    if (thread_.joinable())
      thread_.join();
    std::sort(milliseconds_.begin(), milliseconds_.end());
    const auto count = static_cast<double>(milliseconds_.size());
    return milliseconds_.at(static_cast<std::size_t>(q * (count - 1)));
  }

private:
  std::vector<double> milliseconds_;
  std::jthread thread_;
};

} // namespace

void hostile(arena& in) {
  const auto sessions = in.with.tasks_or(10'000, 60);
  const auto warm = std::max<std::uint64_t>(sessions / 10, 10);
  std::size_t memory_before = 0;
  std::uint64_t deaths = 0;
  {
    latency measured(in.rt);
    troupe::pool innocent{
      in.rt, {.processes = in.with.children_or(2), .start_method = in.with.method()}};
    std::atomic<bool> over = false;
    std::jthread others([&] { map_until(in, innocent, nap, over, 8); });
    for (std::uint64_t i = 0; i < warm; ++i)
      one_session(in);
    memory_before = anonymous_kilobytes();
    for (std::uint64_t i = 0; i < sessions; ++i)
      one_session(in);
    const auto memory_after = anonymous_kilobytes();
    in.says.figure("memory_before_kib", std::uint64_t{memory_before});
    in.says.figure("memory_after_kib", std::uint64_t{memory_after});
    over = true;
    others.join();
    deaths = innocent.stats().deaths;
    const double p99 = measured.quantile(0.99);
    in.says.figure("latency_p50_ms", measured.quantile(0.5));
    in.says.figure("latency_p99_ms", p99);
    if (!in.with.brief) { // which is too short to be measured
      in.says.require(memory_after <= memory_before + most_growth_kib,
        "the memory of the parent has grown by more than 1 MiB");
      in.says.require(p99 < most_latency_ms, "the loop's latency is not under 10 ms");
    }
  }
  std::uint64_t innocents_lost = 0;
  in.tasks.for_each([&](std::uint64_t, const entry& noted) {
    const auto how = static_cast<outcome>(noted.how.load());
    if (how != outcome::any && how != outcome::value)
      ++innocents_lost;
  });
  in.says.figure("sessions", warm + sessions);
  in.says.require(innocents_lost == 0 && deaths == 0, "others have lost something");
}

} // namespace torture
