// A submission that has returned is overtaken by nothing that the same thread does next, whichever step of its
// own another thread's submission stands at: each of these is held at each of its allocations in turn.
#include "support/catch.hpp"
#include "support/failing_allocation.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

#include <sys/prctl.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

constexpr const char* submitter = "submitter";

void run_until_stopped() {
  while (!troupe::this_task::stop_token().stop_requested())
    std::this_thread::sleep_for(1ms);
}

// Another thread, which submits a task and is held at its `nth` allocation until it is let go.
class held_submission {
public:
  held_submission(troupe::pool& pool, std::int64_t nth)
    : holding_(submitter, nth)
    , thread_([this, &pool] {
      ::prctl(PR_SET_NAME, submitter);
      try {
        task_.emplace(pool.apply(square, 3));
      } catch (const troupe::pool_closed&) {
        // It came too late.
      }
      returned_ = true;
    }) {
    CHECK(eventually([this] { return holding_.reached() || returned_; }));
    held_ = holding_.reached();
  }
  held_submission(const held_submission&) = delete;
  ~held_submission() { let_go(); }

  /// Whether its submission makes as many allocations.
  bool held() const { return held_; }
  void let_go() {
    holding_.release();
    if (thread_.joinable())
      thread_.join();
  }
  /// Its task, if it was accepted; after `let_go`.
  std::optional<troupe::task_future<int>>& task() { return task_; }

private:
  held_allocation holding_;
  std::optional<troupe::task_future<int>> task_;
  std::atomic<bool> returned_ = false;
  bool held_ = false;
  std::thread thread_; // the last, for it uses the others
};

} // namespace

TEST_CASE("a task that was submitted is found by the cancel that follows") {
  std::int64_t nth = 1;
  for (bool held = true; held; ++nth) {
    INFO("another submission stands at its allocation " << nth);
    troupe::pool pool{rt(), {.processes = 1}};
    auto first = pool.apply(run_until_stopped); // so that the next one waits
    static_cast<void>(pool.stats());            // it has been looked at
    held_submission other(pool, nth);
    held = other.held();
    auto task = pool.apply(square, 2);
    task.cancel();
    static_cast<void>(pool.stats()); // the cancel, too
    other.let_go();
    first.cancel();
    CHECK_THROWS_AS(task.get(), troupe::task_cancelled);
    REQUIRE(other.task());
    CHECK(other.task()->get() == 9);
  }
  CHECK(nth > 3); // at least one for the task, and one for the message that tells of it
}

TEST_CASE("a task that was submitted before close is run") {
  std::int64_t nth = 1;
  for (bool held = true; held; ++nth) {
    INFO("another submission stands at its allocation " << nth);
    troupe::pool pool{rt(), {.processes = 1}};
    held_submission other(pool, nth);
    held = other.held();
    auto task = pool.apply(square, 2);
    pool.close();
    static_cast<void>(pool.stats()); // the pool has looked at that
    other.let_go();
    CHECK(task.get() == 4);
    pool.join();
  }
  CHECK(nth > 3); // at least one for the task, and one for the message that tells of it
}
