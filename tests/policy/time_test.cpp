// What a pool decides about time: alarms and the waits between attempts.
#include "policy/retry_delay.hpp"
#include "policy/task_alarms.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace std::chrono_literals;
using namespace troupe::policy;
using purpose = task_alarms::purpose;

namespace {

constexpr task_alarms::time_point t0{1h};

task_key key(std::uint64_t id) {
  return {static_cast<std::uint32_t>(id), id};
}

const auto all_open = [](task_key) { return true; };
const auto none_open = [](task_key) { return false; };

} // namespace

TEST_CASE("alarms come in the order of their time, and not before it") {
  task_alarms alarms;
  alarms.set({t0 + 3s, purpose::retry, key(3)}, all_open);
  alarms.set({t0 + 1s, purpose::expire, key(1)}, all_open);
  alarms.set({t0 + 2s, purpose::timeout, key(2)}, all_open);
  CHECK(alarms.next(all_open) == t0 + 1s);
  CHECK_FALSE(alarms.take_due(t0 + 1s - 1ns));
  CHECK(alarms.take_due(t0 + 2s)->task == key(1));
  CHECK(alarms.take_due(t0 + 2s)->task == key(2));
  CHECK_FALSE(alarms.take_due(t0 + 2s));
  CHECK(alarms.next(all_open) == t0 + 3s);
}

TEST_CASE("alarms of tasks that have ended are passed over, but not those that end a child") {
  task_alarms alarms;
  alarms.set({t0 + 1s, purpose::timeout, key(1)}, all_open);
  alarms.set({t0 + 2s, purpose::escalate, key(1)}, all_open);
  CHECK(alarms.next(none_open) == t0 + 2s);
}

TEST_CASE("alarms of tasks that have ended do not pile up") {
  task_alarms alarms;
  std::uint64_t newest = 0;
  const auto open = [&](task_key task) { return task.id + 10 > newest; };
  for (newest = 1; newest < 100'000; ++newest)
    alarms.set({t0 + 1h, purpose::timeout, key(newest)}, open);
  CHECK(alarms.size() < 3000);
}

TEST_CASE("the wait between attempts doubles, up to the most") {
  const troupe::retry_options options{
    .max_attempts = 10, .backoff = 100ms, .max_backoff = 1s, .jitter = 0};
  CHECK(retry_delay(options, 1, 0.5) == 100ms);
  CHECK(retry_delay(options, 2, 0.5) == 200ms);
  CHECK(retry_delay(options, 4, 0.5) == 800ms);
  CHECK(retry_delay(options, 5, 0.5) == 1s);
  CHECK(retry_delay(options, 1'000'000, 0.5) == 1s);
}

TEST_CASE("jitter takes away up to its part of the wait") {
  troupe::retry_options options{.backoff = 100ms, .jitter = 0.5};
  CHECK(retry_delay(options, 1, 0) == 100ms);
  CHECK(retry_delay(options, 1, 0.5) == 75ms);
  options.jitter = 1;
  CHECK(retry_delay(options, 1, 0) == 100ms);
  CHECK(retry_delay(options, 1, 0.75) == 25ms);
}

TEST_CASE("without a backoff there is no wait") {
  CHECK(retry_delay({.backoff = 0ms}, 7, 0.5) == 0ns);
}
