// A pool that closes while its tasks are still being submitted, cancelled and tried again.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int fail_at_first() {
  if (troupe::this_task::attempt() == 1)
    throw std::runtime_error("not yet");
  return static_cast<int>(troupe::this_task::attempt());
}

int die_at_first() {
  if (troupe::this_task::attempt() == 1)
    ::raise(SIGKILL);
  return static_cast<int>(troupe::this_task::attempt());
}

int itself(int x) {
  return x;
}

const troupe::task_options twice{.retries = {.max_attempts = 2, .backoff = 20ms}};

// Chooses a queue by a task's name.
class by_name final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override {}
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info& info) override {
    return info.name == "second" ? 1 : 0;
  }
};

} // namespace

TEST_CASE("a task that is tried again in a pool that closes gets a child") {
  troupe::pool pool{rt(), {.processes = 1, .maxtasksperchild = 1}};
  auto task = pool.apply(twice, fail_at_first);
  pool.close();
  CHECK(task.get() == 2);
  pool.join();
}

TEST_CASE("a queue whose only child died while nothing waited gets one for what is tried again") {
  troupe::pool pool{
    rt(), {.processes = 2, .queuecount = 2, .scheduler = std::make_shared<by_name>()}};
  auto options = twice;
  options.name = "second";
  auto task = pool.apply(options, die_at_first);
  pool.close();
  CHECK(task.get() == 2);
  pool.join();
}

TEST_CASE("what was submitted before close is run, whatever thread submitted it") {
  for (int round = 0; round < 50; ++round) {
    troupe::pool pool{rt(), {.processes = 1}};
    std::optional<troupe::task_future<int>> other;
    std::thread submitter([&] {
      try {
        other.emplace(pool.apply(itself, 1));
      } catch (const troupe::pool_closed&) {
        // It came too late.
      }
    });
    auto own = pool.apply(itself, 2);
    submitter.join();
    pool.close();
    CHECK(own.get() == 2);
    if (other)
      CHECK(other->get() == 1);
    pool.join();
  }
}

TEST_CASE("a task that was submitted is found by the cancel that follows") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(itself, 1).get() == 1);
  std::atomic<bool> done = false;
  // Another thread's submissions, whose message may be on its way. A pool that is slower than the thread, as with a
  // sanitizer, would have ever more of them if the thread never waited.
  std::thread noise([&] {
    for (int count = 1; !done; ++count) {
      auto task = pool.apply(itself, 0);
      if (count % 100 == 0)
        task.get();
    }
  });
  for (int round = 0; round < 500; ++round) {
    auto task = pool.apply(itself, 3);
    task.cancel();
    int value = 3;
    try {
      value = task.get(); // it was faster
    } catch (const troupe::task_cancelled&) {
    }
    CHECK(value == 3);
  }
  done = true;
  noise.join();
}

TEST_CASE("when join has returned, nothing of a pool is left") {
  {
    troupe::pool warm_up{rt(), {.processes = 2}};
    warm_up.close();
    warm_up.join();
  }
  const auto before = open_descriptors(::getpid());
  for (int round = 0; round < 20; ++round) {
    troupe::pool pool{rt(), {.processes = 2}};
    auto task = pool.apply(itself, 1);
    pool.close();
    pool.join();
    // The pool's own actor has none.
    CHECK(open_descriptors(::getpid()) <= before);
    CHECK(task.get() == 1);
  }
}

TEST_CASE("a pool can be destroyed on the loop while a successor waits to be started") {
  for (int round = 0; round < 20; ++round) {
    rt().run([&]() -> boost::asio::awaitable<void> {
      std::optional<troupe::pool> pool(
        std::in_place, rt(), troupe::pool_options{.processes = 1, .restart = {.backoff = 1ms}});
      auto doomed = pool->apply([] { ::raise(SIGKILL); });
      try {
        co_await doomed;
      } catch (const troupe::child_lost&) {
      }
      pool.reset();
    });
  }
  SUCCEED();
}
