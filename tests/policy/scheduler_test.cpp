// The built-in schedulers, without a pool. round_robin: see policies_test.cpp.
#include "support/catch.hpp"

#include <troupe/scheduler.hpp>

#include <map>
#include <vector>

using namespace std::chrono_literals;
using troupe::queue_id;

namespace {

template <class Scheduler>
void register_all(Scheduler& scheduler, std::size_t queues, std::size_t processes) {
  for (queue_id queue = 0; queue < queues; ++queue)
    scheduler.register_queue(queue);
  for (std::size_t i = 0; i < processes; ++i)
    scheduler.register_process(i % queues);
}

template <class Scheduler>
std::vector<queue_id> choices(Scheduler& scheduler, std::size_t count) {
  std::vector<queue_id> result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(scheduler.schedule_task(i + 1, {}));
  return result;
}

using queue_list = std::vector<queue_id>;

} // namespace

TEST_CASE("least_loaded lets equal queues take turns") {
  troupe::least_loaded scheduler;
  register_all(scheduler, 3, 3);
  CHECK(choices(scheduler, 6) == queue_list{0, 1, 2, 0, 1, 2});
}

TEST_CASE("least_loaded gives a queue with more processes more tasks") {
  troupe::least_loaded scheduler;
  register_all(scheduler, 2, 3); // two for queue 0
  std::map<queue_id, int> given;
  for (const auto queue : choices(scheduler, 30))
    ++given[queue];
  CHECK(given[0] == 20);
  CHECK(given[1] == 10);
}

TEST_CASE("least_loaded weighs a queue by the time of its tasks") {
  troupe::least_loaded scheduler;
  register_all(scheduler, 2, 2);
  CHECK(choices(scheduler, 2) == queue_list{0, 1});
  scheduler.task_left(0, 1s);
  scheduler.task_left(1, 1ms);
  CHECK(choices(scheduler, 1) == queue_list{0}); // both are empty
  // One task of a second weighs as much as a thousand of a millisecond.
  CHECK(choices(scheduler, 100) == queue_list(100, 1));
}

TEST_CASE("least_loaded forgets tasks that were lost") {
  troupe::least_loaded scheduler;
  register_all(scheduler, 2, 2);
  CHECK(choices(scheduler, 1) == queue_list{0});
  scheduler.task_left(0, std::nullopt);
  CHECK(choices(scheduler, 1) == queue_list{1}); // its turn
  CHECK(choices(scheduler, 1) == queue_list{0}); // the empty one
}

TEST_CASE("random_two with two queues always takes the better one") {
  troupe::random_two scheduler(7);
  register_all(scheduler, 2, 2);
  const auto chosen = choices(scheduler, 100);
  CHECK(std::count(chosen.begin(), chosen.end(), queue_id{0}) == 50);
}

TEST_CASE("random_two keeps many queues nearly even") {
  troupe::random_two scheduler(7);
  register_all(scheduler, 16, 16);
  std::map<queue_id, int> given;
  for (const auto queue : choices(scheduler, 1600))
    ++given[queue];
  CHECK(given.size() == 16);
  for (const auto& [queue, count] : given)
    CHECK(std::abs(count - 100) <= 5);
}

TEST_CASE("random_two works with one queue, and says what is wrong with none") {
  troupe::random_two scheduler;
  CHECK_THROWS_AS(scheduler.schedule_task(1, {}), std::logic_error);
  scheduler.register_queue(0);
  CHECK(scheduler.schedule_task(1, {}) == 0);
}

TEST_CASE("by_key gives equal keys the same queue, and uses all queues") {
  troupe::by_key scheduler;
  register_all(scheduler, 4, 4);
  std::map<std::string, queue_id> home;
  std::map<queue_id, int> used;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 100; ++i) {
      const auto key = "user-" + std::to_string(i);
      troupe::task_info info;
      info.key = key;
      const auto queue = scheduler.schedule_task(1, info);
      CHECK(home.emplace(key, queue).first->second == queue);
      ++used[queue];
    }
  CHECK(used.size() == 4);
}

TEST_CASE("by_key gives tasks without a key to the least loaded queue") {
  troupe::by_key scheduler;
  register_all(scheduler, 3, 3);
  CHECK(choices(scheduler, 3) == queue_list{0, 1, 2});
  scheduler.task_left(1, 1ms);
  CHECK(choices(scheduler, 1) == queue_list{1});
}

TEST_CASE("only tasks whose queue is no choice of a child may move") {
  troupe::task_info keyed;
  keyed.key = "k";
  CHECK(troupe::round_robin().may_move(keyed));
  CHECK(troupe::least_loaded().may_move(keyed));
  CHECK(troupe::random_two().may_move(keyed));
  CHECK_FALSE(troupe::by_key().may_move(keyed));
  CHECK(troupe::by_key().may_move({}));
}
