// What a task keeps, and for how long.
#include "support/catch.hpp"

#include <troupe/detail/task_state.hpp>

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

using namespace troupe::detail;

namespace {

bytes some_bytes(std::size_t count) {
  const std::vector<std::byte> content(count, std::byte{7});
  bytes result;
  result.append(content.data(), content.size());
  return result;
}

outcome value_of(std::size_t size) {
  auto result = outcome::nothing();
  result.payload = some_bytes(size);
  return result;
}

} // namespace

TEST_CASE("a batch that has been divided very often takes no stack when it goes") {
  task_ptr first(new task_state({}, {}));
  for (int i = 0; i < 200'000; ++i) {
    task_ptr before(new task_state({}, {}));
    before->rest = std::move(first);
    first = std::move(before);
  }
  const auto kept = first->rest->rest;
  first.reset();
  CHECK(kept->rest != nullptr); // what somebody else has stays whole
}

TEST_CASE("a task that is resolved has its result, and neither its arguments nor its options") {
  const auto options = std::make_shared<const troupe::task_options>();
  const task_ptr task(new task_state({}, some_bytes(1000)));
  task->options = options;
  CHECK(task->arguments().size() == 1000);
  task->resolve(value_of(10));
  CHECK(task->arguments().empty());
  CHECK(options.use_count() == 1);
  CHECK(task->result().payload.size() == 10);
}

TEST_CASE("arguments that are still to be sent outlive the end of their task") {
  const task_ptr task(new task_state({}, some_bytes(1000)));
  auto first = std::make_unique<task_state::arguments_in_use>(task);
  auto second = std::make_unique<task_state::arguments_in_use>(task);
  task->resolve(outcome::nothing());
  CHECK(task->arguments().size() == 1000);
  first.reset();
  CHECK(task->arguments().size() == 1000);
  second.reset();
  CHECK(task->arguments().empty());
}

TEST_CASE("arguments that have been sent stay until their task is resolved, for another attempt") {
  const task_ptr task(new task_state({}, some_bytes(1000)));
  std::make_unique<task_state::arguments_in_use>(task).reset();
  CHECK(task->arguments().size() == 1000);
}

TEST_CASE("a promise that is not a task tells its watcher, also one that comes late") {
  struct counting final : promise_watcher {
    void resolved(promise& done) noexcept override { size = done.result().payload.size(); }
    std::size_t size = 0;
  };
  const auto early = std::make_shared<counting>();
  const auto late = std::make_shared<counting>();
  const promise_ptr first(new promise);
  first->watch(early);
  first->resolve(value_of(5));
  CHECK(early->size == 5);
  CHECK(early.use_count() == 1);
  const promise_ptr second(new promise);
  second->resolve(value_of(6));
  second->watch(late);
  CHECK(late->size == 6);
}

TEST_CASE("whoever is blocked on a promise goes on, also where wake-ups are held for a while") {
  for (int round = 0; round < 500; ++round) {
    const promise_ptr first(new promise);
    const promise_ptr second(new promise);
    std::thread waiter([&] {
      first->wait();
      second->wait();
    });
    {
      const held_wake_ups held;
      const held_wake_ups within; // ends before the other, which does its part
      first->resolve(outcome::nothing());
      second->resolve(outcome::nothing());
    }
    waiter.join();
  }
  SUCCEED("nobody has been forgotten");
}
