// Batches of blocking functions, of which a child can run several at the same time.
#include "base/limits.hpp"
#include "policy/fake_pool.hpp"

#include <algorithm>
#include <vector>

using namespace std::chrono_literals;
using troupe::detail::call_kind;
using troupe::detail::task_ptr;
using troupe::test::failed_with;
using troupe::test::fake_pool;

namespace {

troupe::policy::pool_machine::rules places(std::size_t concurrency) {
  auto rules = fake_pool::rules_of(1);
  rules.concurrency = concurrency;
  return rules;
}

task_ptr submit_blocking(fake_pool& pool, std::uint32_t items) {
  return pool.submit(std::nullopt, call_kind::blocking, 0, items);
}

std::vector<std::uint32_t> sizes_of_parts(task_ptr part) {
  std::vector<std::uint32_t> sizes;
  for (; part; part = part->rest)
    sizes.push_back(part->items);
  return sizes;
}

} // namespace

TEST_CASE("what is behind a blocking function that takes long is divided among all places") {
  fake_pool pool(places(4));
  pool.all_ready();
  const auto batch = submit_blocking(pool, 10);
  pool.claim(0, batch);
  pool.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  CHECK(sizes_of_parts(batch) == std::vector<std::uint32_t>{1, 2, 2, 2, 3});
  std::size_t sent = 0;
  for (auto part = batch; part; part = part->rest)
    sent += pool.seat_of(part) == 0u ? 1 : 0;
  CHECK(sent >= 4);
}

TEST_CASE("what is behind a plain function, or is left for one place, stays together") {
  fake_pool plain(places(4));
  plain.all_ready();
  const auto batch = plain.submit(std::nullopt, call_kind::plain, 0, 10);
  plain.claim(0, batch);
  plain.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  CHECK(sizes_of_parts(batch) == std::vector<std::uint32_t>{1, 9});
  fake_pool one(places(1));
  one.all_ready();
  const auto alone = submit_blocking(one, 10);
  one.claim(0, alone);
  one.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  CHECK(sizes_of_parts(alone) == std::vector<std::uint32_t>{1, 9});
}

TEST_CASE("a batch whose items are over is not suspect of the death of its child") {
  fake_pool pool(places(2));
  pool.all_ready();
  const auto over = submit_blocking(pool, 2);
  const auto running = submit_blocking(pool, 2);
  for (const int value : {1, 2}) {
    pool.claim(0, over);
    pool.end_item(0, over, value);
  }
  pool.claim(0, running);
  pool.die(0);
  CHECK(over->result().what == troupe::detail::outcome::kind::value);
  REQUIRE(failed_with<troupe::child_lost>(running));
  try {
    std::rethrow_exception(running->error());
  } catch (const troupe::child_lost& lost) {
    CHECK(lost.suspects() == std::vector{running->id});
  }
  CHECK(running->items == 1);
}

TEST_CASE(
  "a blocking function whose end waits for the loop is not taken for one that does not stop") {
  auto rules = places(2);
  rules.cancel_grace = 50ms;
  fake_pool pool(rules);
  pool.all_ready();
  const auto task = pool.submit(std::nullopt, call_kind::blocking);
  pool.begin(0, task);
  pool.machine.cancel(task, true, pool.now);
  pool[0].thread = 0; // that executes it
  pool.wait(10s);
  CHECK(pool.ended.empty());
  pool[0].thread = 7;
  pool.wait(50ms);
  REQUIRE(pool.ended.size() == 1);
  CHECK_THAT(pool.ended[0].reason, ContainsSubstring("did not stop"));
}
