// One child of several is killed again and again: the others notice nothing.
#include "arena.hpp"
#include "map_tasks.hpp"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <set>

namespace torture {

namespace {

// Kills each child that takes the position, at a moment of its own.
class assassin {
public:
  explicit assassin(std::size_t slot)
    : slot_(slot) {}

  void on_started(const troupe::child_started& child) {
    if (child.slot != slot_ || child.spare)
      return;
    const std::lock_guard guard(lock_);
    next_ = child.pid;
    changed_.notify_one();
  }

  // Returns after that many kills.
  void go(std::uint64_t kills, std::mt19937_64& random) {
    while (killed_.size() < kills) {
      const auto pid = wait_for_next();
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
      killed_.insert(pid);
      ::kill(pid, SIGKILL);
    }
  }

  const std::set<pid_t>& killed() const { return killed_; }

private:
  pid_t wait_for_next() {
    std::unique_lock guard(lock_);
    changed_.wait(guard, [&] { return next_ != 0; });
    return std::exchange(next_, 0);
  }

  const std::size_t slot_;
  std::mutex lock_;
  std::condition_variable changed_;
  pid_t next_ = 0;
  std::set<pid_t> killed_;
};

} // namespace

void blast(arena& in) {
  const auto kills = in.with.tasks_or(1000, 30);
  const auto children = in.with.children_or(8);
  assassin at(in.random() % children);
  troupe::pool_options options{
    .processes = children, .start_method = in.with.method(), .restart = {.intensity = 1'000'000}};
  options.on_child_started = [&at](const troupe::child_started& child) { at.on_started(child); };
  std::uint64_t elsewhere = 0;
  options.on_child_ended = [&](const troupe::child_ended& child) {
    if (child.died && child.exit.signal != SIGKILL)
      ++elsewhere;
  };
  std::uint64_t deaths = 0;
  {
    troupe::pool pool{in.rt, options};
    std::atomic<bool> over = false;
    std::jthread killing([&] {
      at.go(kills, in.random);
      over = true;
    });
    map_until(in, pool, work, over);
    killing.join();
    deaths = pool.stats().deaths;
    pool.close();
    pool.join();
  }
  std::uint64_t failures_elsewhere = 0;
  in.tasks.for_each([&](std::uint64_t, const entry& noted) {
    const auto how = static_cast<outcome>(noted.how.load());
    if (how != outcome::value && (how != outcome::lost || !at.killed().contains(noted.blamed)))
      ++failures_elsewhere;
  });
  in.says.figure("kills", std::uint64_t{at.killed().size()});
  in.says.figure("deaths", deaths);
  in.says.figure("failures_elsewhere", failures_elsewhere);
  in.says.require(failures_elsewhere == 0, "tasks of children that nobody has killed have failed");
  in.says.require(
    elsewhere == 0 && deaths <= at.killed().size(), "children have died that nobody has killed");
}

} // namespace torture
