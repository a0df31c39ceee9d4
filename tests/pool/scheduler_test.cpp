// Schedulers and priorities with real children.
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <map>
#include <set>
#include <thread>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int run_for(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}

int wait_until_stopped() {
  const auto token = troupe::this_task::stop_token();
  while (!token.stop_requested())
    std::this_thread::yield();
  return 0;
}

std::size_t child_slot(int) {
  return troupe::this_task::child_slot();
}

int runs_so_far() {
  static int runs = 0;
  return ++runs;
}

std::shared_ptr<troupe::scheduler> scheduler_named(const std::string& name) {
  if (name == "least_loaded")
    return std::make_shared<troupe::least_loaded>();
  if (name == "random_two")
    return std::make_shared<troupe::random_two>(1);
  if (name == "by_key")
    return std::make_shared<troupe::by_key>();
  return std::make_shared<troupe::round_robin>();
}

} // namespace

TEST_CASE("with every scheduler all tasks are run, over one queue and over several") {
  for (const auto* name : {"round_robin", "least_loaded", "random_two", "by_key"})
    for (const std::size_t queues : {1u, 2u, 3u}) {
      INFO(name << " over " << queues << " queues");
      troupe::pool pool{
        rt(), {.processes = 3, .queuecount = queues, .scheduler = scheduler_named(name)}};
      const auto values = pool.map([](int x) { return x + 1; }, std::views::iota(0, 2000)).get();
      REQUIRE(values.size() == 2000);
      for (int i = 0; i < 2000; ++i)
        CHECK(values[static_cast<std::size_t>(i)] == i + 1);
    }
}

TEST_CASE("no short task waits for a long one while a child is idle") {
  for (const auto* name : {"round_robin", "least_loaded", "random_two"})
    for (const std::size_t queues : {1u, 2u}) {
      INFO(name << " over " << queues << " queues");
      troupe::pool pool{rt(), {.processes = 2,
                                .queuecount = queues,
                                .scheduler = scheduler_named(name),
                                .cancel_grace = 1h}};
      // The long one holds its child until it is stopped, so the short ones only end if none of them
      // waits for it.
      auto quick = pool.map(run_for, std::vector<int>(20, 0)).get();
      auto endless = pool.apply(wait_until_stopped);
      std::vector<troupe::task_future<int>> behind;
      for (int i = 0; i < 200; ++i)
        behind.push_back(pool.apply(run_for, 1));
      for (auto& task : behind)
        CHECK(task.get() == 1);
      CHECK_FALSE(endless.done());
      endless.cancel();
    }
}

TEST_CASE("by_key runs all tasks of a key in the same child, and in its successor after a death") {
  troupe::pool pool{
    rt(), {.processes = 3, .queuecount = 3, .scheduler = std::make_shared<troupe::by_key>()}};
  std::map<std::string, std::set<std::size_t>> slots;
  std::vector<std::pair<std::string, troupe::task_future<std::size_t>>> tasks;
  for (int i = 0; i < 300; ++i) {
    const auto key = "key-" + std::to_string(i % 10);
    tasks.emplace_back(key, pool.apply(troupe::task_options{.key = key}, child_slot, i));
  }
  for (auto& [key, task] : tasks)
    slots[key].insert(task.get());
  std::set<std::size_t> used;
  for (const auto& [key, places] : slots) {
    CHECK(places.size() == 1);
    used.insert(places.begin(), places.end());
  }
  CHECK(used.size() > 1);
  const troupe::task_options same{.key = "key-0"};
  CHECK_THROWS_AS(pool.apply(same, [] { ::_exit(1); }).get(), troupe::child_lost);
  CHECK(pool.apply(same, child_slot, 0).get() == *slots["key-0"].begin());
}

TEST_CASE("a task of a higher priority overtakes those that wait") {
  troupe::pool pool{rt(), {.processes = 1, .cancel_grace = 1h}};
  auto brake = pool.apply(wait_until_stopped);
  std::vector<troupe::task_future<int>> ordinary;
  for (int i = 0; i < 50; ++i)
    ordinary.push_back(pool.apply(runs_so_far));
  auto urgent = pool.apply(troupe::task_options{.priority = 1000}, runs_so_far);
  brake.cancel();
  // What lies in the child already is not overtaken: it holds what keeps it busy, no more.
  CHECK(urgent.get() < 10);
  for (auto& task : ordinary)
    task.wait();
}

namespace {

// Notes what it is told.
class observer final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override {}
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info& info) override {
    keys.insert(std::string(info.key));
    priorities.insert(info.priority);
    return 0;
  }
  void complete_task(troupe::task_id) override { ++completed; }
  void lose_task(troupe::task_id) override { ++lost; }
  void task_left(troupe::queue_id, std::optional<std::chrono::nanoseconds> ran) override {
    ++(ran ? measured : unmeasured);
  }

  std::set<std::string> keys;
  std::set<int> priorities;
  int completed = 0;
  int lost = 0;
  int measured = 0;
  int unmeasured = 0;
};

} // namespace

TEST_CASE("a scheduler of the user's is told of every task exactly once, however it ends") {
  const auto told = std::make_shared<observer>();
  {
    troupe::pool pool{rt(), {.processes = 1, .scheduler = told, .cancel_grace = 1h}};
    pool.apply(troupe::task_options{.priority = 5, .key = "k"}, run_for, 0).get();
    CHECK_THROWS(pool.apply([] { throw 1; }).get());
    CHECK_THROWS_AS(pool.apply([] { ::_exit(0); }).get(), troupe::child_lost);
    auto stopped = pool.apply(wait_until_stopped);
    auto expired = pool.apply(troupe::task_options{.expires = 1ms}, run_for, 0);
    CHECK_THROWS_AS(expired.get(), troupe::task_expired);
    stopped.cancel();
    CHECK_THROWS_AS(stopped.get(), troupe::task_cancelled);
    pool.close();
    pool.join();
  }
  CHECK(told->keys == std::set<std::string>{"", "k"});
  CHECK(told->priorities == std::set<int>{0, 5});
  CHECK(told->completed == 2);
  CHECK(told->lost == 3);
  CHECK(told->measured == 2);
  CHECK(told->unmeasured == 3);
}
