// The whole scheduling of a pool, with its children and its clock simulated.
#include "base/limits.hpp"
#include "policy/dispatcher.hpp"
#include "policy/task_ledger.hpp"
#include "support/seeded.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::policy;
using troupe::test::for_each_seed;
using troupe::test::random_source;
using kind = dispatcher::kind;
using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds tick = 50us; // how often the simulated pool looks whether to take back

struct work {
  kind task_kind = kind::plain;
  nanoseconds length{};
};

struct setup {
  std::size_t children = 1;
  std::size_t queues = 1;
  std::size_t concurrency = 4;
  std::size_t budget = dispatcher::unlimited;
  std::size_t cpus = dispatcher::unlimited;
};

class simulation {
public:
  explicit simulation(const setup& options)
    : options_(options)
    , dispatcher_(options.queues, options.concurrency, options.cpus)
    , children_(options.children) {
    for (std::uint32_t seat = 0; seat < children_.size(); ++seat)
      start_child(seat);
  }

  void submit(const work& what) {
    auto key = ledger_.open(troupe::detail::task_ptr(new troupe::detail::task_state({}, {})));
    const auto queue = ledger_.find(key)->queue = ledger_.opened() % options_.queues;
    work_[key.id] = what;
    dispatcher_.enqueue(key, what.task_kind, queue);
  }

  void at(nanoseconds when, std::function<void()> what) {
    events_.push({when, ++events_made_, std::move(what)});
  }

  /// Until nothing happens any more.
  void run() {
    pump();
    while (!events_.empty()) {
      auto next = events_.top();
      events_.pop();
      now_ = next.when;
      next.what();
      pump();
      watch_balance();
      watch_patience();
    }
  }

  void kill(std::uint32_t seat) {
    auto& child = children_[seat];
    if (!child.alive)
      return;
    // As the pool does it: what was started is lost, the rest goes back in its old order.
    for (const auto key : child.started)
      end(key);
    for (auto key = child.inbox.rbegin(); key != child.inbox.rend(); ++key)
      put_back(*key);
    retire(seat);
  }

  nanoseconds now() const { return now_; }
  bool each_task_ended_once() const {
    return ends_ == ledger_.opened() && ledger_.open_count() == 0 && !ended_twice_;
  }
  bool all_idle() const {
    for (std::uint32_t seat = 0; seat < children_.size(); ++seat)
      if (dispatcher_.owed_by(seat) != 0)
        return false;
    return true;
  }
  /// Most tasks that a child has started in its life.
  std::size_t most_started() const { return most_started_; }
  std::size_t taken_back() const { return taken_back_; }
  /// The longest time that a child held tasks which it could not start, with another one idle.
  nanoseconds longest_hostage() const { return longest_hostage_; }

private:
  struct event {
    nanoseconds when;
    std::uint64_t number;
    std::function<void()> what;
    bool operator<(const event& other) const {
      return std::tie(when, number) > std::tie(other.when, other.number);
    }
  };

  struct child_state {
    bool alive = false;
    std::uint64_t life = 0; // of the present child, so that events of a dead one are told apart
    std::deque<task_key> inbox;
    std::vector<task_key> started;
    bool on_cpu = false; // a plain function holds the loop
    std::size_t started_in_life = 0;
    std::optional<nanoseconds> hostage_since;
  };

  dispatcher::clock::time_point time() const { return dispatcher::clock::time_point(now_); }

  void start_child(std::uint32_t seat) {
    auto& child = children_[seat];
    const auto life = child.life + 1;
    child = {};
    child.alive = true;
    child.life = life;
    dispatcher_.add_child(seat, seat % options_.queues, options_.budget, time());
  }

  void retire(std::uint32_t seat) {
    dispatcher_.remove_child(seat);
    children_[seat].alive = false;
    at(now_ + 1ms, [this, seat] { start_child(seat); });
  }

  void pump() {
    const auto is_open = [this](task_key key) { return ledger_.find(key) != nullptr; };
    while (const auto next = dispatcher_.next_assignment(is_open)) {
      ledger_.assign(next->task, next->seat, 0);
      children_[next->seat].inbox.push_back(next->task);
      start_tasks(next->seat);
    }
  }

  void start_tasks(std::uint32_t seat) {
    auto& child = children_[seat];
    while (!child.on_cpu && !child.inbox.empty() && child.started.size() < options_.concurrency) {
      const auto key = child.inbox.front();
      child.inbox.pop_front();
      child.started.push_back(key);
      most_started_ = std::max(most_started_, ++child.started_in_life);
      const auto what = work_[key.id];
      child.on_cpu = what.task_kind == kind::plain;
      at(now_ + what.length, [this, seat, key, life = child.life] { finish(seat, key, life); });
    }
  }

  void finish(std::uint32_t seat, task_key key, std::uint64_t life) {
    auto& child = children_[seat];
    if (!child.alive || child.life != life)
      return;
    const auto what = work_[key.id];
    std::erase(child.started, key);
    if (what.task_kind == kind::plain)
      child.on_cpu = false;
    child.hostage_since.reset();
    dispatcher_.ended(seat, what.task_kind, what.length, time());
    end(key);
    start_tasks(seat);
    if (dispatcher_.budget_of(seat) == 0 && dispatcher_.owed_by(seat) == 0)
      retire(seat);
  }

  void end(task_key key) {
    ended_twice_ = ended_twice_ || ledger_.close(key) == nullptr;
    ++ends_;
  }

  void put_back(task_key key) {
    const auto queue = ledger_.find(key)->queue;
    ledger_.put_back(key, false);
    dispatcher_.enqueue_front(key, work_[key.id].task_kind, queue);
  }

  void watch_balance() {
    if (watching_ || !(dispatcher_.unbalanced() || dispatcher_.next_end_of_rest()))
      return;
    watching_ = true;
    at(now_ + tick, [this] {
      watching_ = false;
      dispatcher_.end_rests(time());
      while (const auto take = dispatcher_.next_take_back(time())) {
        auto& child = children_[take->from];
        const auto count = std::min(take->at_most, child.inbox.size());
        if (count == 0)
          break;
        for (std::size_t i = 0; i < count; ++i) {
          const auto key = child.inbox.back();
          child.inbox.pop_back();
          dispatcher_.taken_back(take->from, work_[key.id].task_kind);
          put_back(key);
        }
        taken_back_ += count;
        pump();
      }
    });
  }

  void watch_patience() {
    for (std::uint32_t seat = 0; seat < children_.size(); ++seat) {
      auto& child = children_[seat];
      bool another_idle = false;
      for (std::uint32_t other = 0; other < children_.size(); ++other)
        another_idle |= children_[other].alive &&
                        other % options_.queues == seat % options_.queues &&
                        dispatcher_.owed_by(other) == 0 && dispatcher_.budget_of(other) > 0;
      if (!child.alive || child.inbox.empty() || !another_idle) {
        child.hostage_since.reset();
      } else if (!child.hostage_since) {
        child.hostage_since = now_;
      } else {
        longest_hostage_ = std::max(longest_hostage_, now_ - *child.hostage_since);
      }
    }
  }

  setup options_;
  task_ledger ledger_;
  dispatcher dispatcher_;
  std::vector<child_state> children_;
  std::map<std::uint64_t, work> work_;
  std::priority_queue<event> events_;
  std::uint64_t events_made_ = 0;
  nanoseconds now_{1h};
  bool watching_ = false;
  std::uint64_t ends_ = 0;
  bool ended_twice_ = false;
  std::size_t most_started_ = 0;
  std::size_t taken_back_ = 0;
  nanoseconds longest_hostage_{0};
};

nanoseconds random_length(random_source& random) {
  const nanoseconds scales[] = {1us, 20us, 300us, 5ms};
  return random.pick(scales) * static_cast<long>(1 + random.below(3));
}

} // namespace

TEST_CASE("every task ends exactly once, whatever dies and is taken back") {
  std::size_t taken_back = 0;
  for_each_seed(60, [&](random_source& random) {
    setup options;
    options.children = 1 + random.below(6);
    options.queues = 1 + random.below(options.children);
    options.concurrency = 1 + random.below(6);
    if (random.one_in(3))
      options.budget = 1 + random.below(20);
    if (random.one_in(2))
      options.cpus = 1 + random.below(3);
    simulation pool(options);
    const auto begin = pool.now();
    const auto count = 50 + random.below(150);
    for (std::size_t i = 0; i < count; ++i) {
      const work what{random.one_in(2) ? kind::plain : kind::coroutine, random_length(random)};
      pool.at(
        begin + 50us * static_cast<long>(random.below(400)), [&pool, what] { pool.submit(what); });
    }
    for (auto deaths = random.below(20); deaths > 0; --deaths) {
      const auto seat = static_cast<std::uint32_t>(random.below(options.children));
      pool.at(
        begin + 10us * static_cast<long>(random.below(5000)), [&pool, seat] { pool.kill(seat); });
    }
    pool.run();
    CHECK(pool.each_task_ended_once());
    CHECK(pool.all_idle());
    CHECK(pool.most_started() <= options.budget);
    taken_back += pool.taken_back();
  });
  CHECK(taken_back > 0);
}

TEST_CASE("a few long and many short tasks take close to the ideal time") {
  for_each_seed(20, [](random_source& random) {
    constexpr nanoseconds longest = 10ms;
    setup options;
    options.children = 2 + random.below(5);
    std::vector<work> tasks(10, work{kind::plain, longest});
    tasks.resize(1000, work{kind::plain, 20us});
    for (std::size_t i = tasks.size(); i-- > 1;)
      std::swap(tasks[i], tasks[random.below(i + 1)]);
    simulation pool(options);
    const auto begin = pool.now();
    nanoseconds total{};
    for (const auto& task : tasks) {
      pool.submit(task);
      total += task.length;
    }
    pool.run();
    REQUIRE(pool.each_task_ended_once());
    // What any greedy order guarantees, and some patience now and then.
    const auto n = static_cast<long>(options.children);
    const auto bound = total / n + longest * (n - 1) / n + 4 * troupe::limits::take_back_after;
    INFO(pool.now() - begin << " ns on " << n << " children; bound " << bound.count());
    CHECK(pool.now() - begin <= bound);
  });
}

TEST_CASE("no short task waits behind a long one for long while another child is idle") {
  std::size_t taken_back = 0;
  for_each_seed(30, [&](random_source& random) {
    setup options;
    options.children = 2 + random.below(3);
    const bool crowded = random.one_in(2);
    if (crowded)
      options.cpus = 1 + random.below(2);
    simulation pool(options);
    // Short ones first, so that the prefetch is large, and a long one in the middle of it.
    for (int i = 0; i < 600; ++i)
      pool.submit({kind::plain, 1us});
    const auto begin = pool.now();
    for (int i = 0; i < 10; ++i)
      pool.at(begin + 100us * static_cast<long>(random.below(300)), [&] {
        pool.submit({kind::plain, random.one_in(2) ? 8ms : 3us});
        for (auto more = random.below(30); more > 0; --more)
          pool.submit({kind::plain, 1us});
      });
    pool.run();
    CHECK(pool.each_task_ended_once());
    CHECK(
      pool.longest_hostage() <=
      (crowded ? troupe::limits::crowded_take_back_after : troupe::limits::take_back_after) + tick);
    taken_back += pool.taken_back();
  });
  CHECK(taken_back > 0);
}
