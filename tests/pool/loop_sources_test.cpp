// What the event loop looks at each turn, and what not.
#include "loop/event_loop.hpp"
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

using namespace troupe;

namespace {

constexpr int turns = 5'000;
constexpr int patience = 256; // turns without anything, before a source rests

// Has nothing to say.
class quiet_source : public loop::loop_source {
public:
  explicit quiet_source(bool rests)
    : rests_(rests) {}
  bool poll() override {
    ++polls;
    return false;
  }
  void flush() override {}
  bool prepare_sleep() override {
    ++prepared;
    return !busy_after_all;
  }
  void awake() override { ++woken; }
  bool may_rest() const override { return rests_; }

  int polls = 0;
  int prepared = 0;
  int woken = 0;
  bool busy_after_all = false;

private:
  const bool rests_;
};

// Has something to say in each turn, and stops the loop then.
class busy_source final : public quiet_source {
public:
  busy_source(loop::event_loop& loop, std::function<void(int)> each)
    : quiet_source(true)
    , loop_(loop)
    , each_(std::move(each)) {}
  bool poll() override {
    if (polls == turns)
      return false;
    each_(++polls);
    if (polls == turns)
      loop_.stop();
    return true;
  }

private:
  loop::event_loop& loop_;
  std::function<void(int)> each_;
};

class busy_loop {
public:
  void run(
    std::initializer_list<quiet_source*> sources, std::function<void(int)> each = [](int) {}) {
    busy_source busy(*loop, std::move(each));
    loop->add_source(&busy);
    for (auto* source : sources)
      loop->add_source(source);
    std::thread([this] { loop->run(); }).join();
    CHECK(busy.polls == turns);
    CHECK(busy.prepared == 0);
    loop->shut_down();
  }

  const std::shared_ptr<loop::event_loop> loop =
    std::make_shared<loop::event_loop>(test::rt().system());
};

} // namespace

TEST_CASE("a busy loop does not look any more at what has nothing to say, if that may rest") {
  busy_loop with;
  quiet_source rests(true);
  quiet_source stays(false);
  with.run({&rests, &stays});
  CHECK(rests.polls == patience);
  CHECK(rests.prepared == 1);
  CHECK(rests.woken == 0);
  CHECK(stays.polls >= turns);
  CHECK(stays.prepared == 0);
}

TEST_CASE("what rested is looked at again once it is attended to, and may rest again") {
  busy_loop with;
  quiet_source source(true);
  with.run({&source}, [&](int turn) {
    if (turn == 1'000)
      with.loop->attend(source);
    if (turn == 1'001)
      CHECK(source.woken == 1);
  });
  CHECK(source.polls == 2 * patience);
  CHECK(source.prepared == 2);
}

TEST_CASE("what has something to say when it is to rest does not rest") {
  busy_loop with;
  quiet_source source(true);
  source.busy_after_all = true;
  with.run({&source});
  CHECK(source.polls >= turns);
  CHECK(source.prepared == turns / patience);
  CHECK(source.woken >= source.prepared);
}

TEST_CASE("what is removed while it rests is not looked at again") {
  busy_loop with;
  quiet_source source(true);
  with.run({&source}, [&](int turn) {
    if (turn == 1'000)
      with.loop->remove_source(&source);
    if (turn == 1'001)
      with.loop->attend(source);
  });
  CHECK(source.polls == patience);
  CHECK(source.woken == 0);
}

TEST_CASE(
  "a child that was quiet while others kept the loop busy is heard, and gets what it is sent") {
  troupe::pool pool{test::rt(), {.processes = 3}};
  const test::flag go_on;
  auto quiet = pool.apply(test::wait_for_flag, go_on.path());
  std::vector<task_future<int>> others;
  for (int i = 0; i < 20'000; ++i)
    others.push_back(pool.apply(test::square, 3));
  for (auto& other : others)
    CHECK(other.get() == 9);
  go_on.raise();
  REQUIRE(quiet.wait_for(std::chrono::minutes(1)));
  CHECK_NOTHROW(quiet.get());
  auto all = pool.broadcast(test::square, 4);
  for (auto& each : all) {
    REQUIRE(each.wait_for(std::chrono::minutes(1)));
    CHECK(each.get() == 16);
  }
}
