// Batches: each item comes to its own end, whatever becomes of the others.
#include "base/limits.hpp"
#include "policy/fake_pool.hpp"

#include <cstring>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::detail::item_outcome;
using troupe::detail::outcome;
using troupe::detail::task_ptr;
using troupe::test::failed_with;
using troupe::test::fake_pool;

namespace {

task_ptr submit_batch(fake_pool& pool, std::uint32_t items) {
  return pool.submit(std::nullopt, troupe::detail::call_kind::plain, 0, items);
}

/// The values of a part that is done; -1 for an item that threw.
std::vector<int> values_of(const task_ptr& part) {
  std::vector<int> values;
  if (!part->done() || part->result().what != outcome::kind::value)
    return values;
  troupe::detail::record_reader records(troupe::detail::view(part->result().payload));
  while (const auto record = records.next()) {
    int value = -1;
    if (!record->threw)
      std::memcpy(&value, record->content.data(), sizeof value);
    values.push_back(value);
  }
  return values;
}

/// Two children, of which the first one has begun a batch of five items and finished two of them.
struct half_done_batch {
  explicit half_done_batch(troupe::policy::pool_machine::rules rules = fake_pool::rules_of(2),
    std::optional<std::chrono::nanoseconds> last_took = std::nullopt)
    : pool(std::move(rules)) {
    pool.all_ready();
    if (last_took) {
      const auto last = pool.submit();
      const auto where = *pool.seat_of(last);
      pool.begin(where, last);
      pool.wait(*last_took);
      pool.write(where, last, false, *last_took);
      pool[where].read();
      pool.settle();
    }
    batch = submit_batch(pool, 5);
    seat = *pool.seat_of(batch);
    for (const int value : {10, 11}) {
      pool.claim(seat, batch);
      pool.end_item(seat, batch, value);
    }
    pool.claim(seat, batch);
  }

  fake_pool pool;
  task_ptr batch;
  std::uint32_t seat = 0;
};

} // namespace

TEST_CASE("a batch that comes to its end has the outcome of each of its items") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto batch = submit_batch(pool, 3);
  for (const int value : {1, 2, 3}) {
    pool.claim(0, batch);
    pool.end_item(0, batch, value, value == 2);
  }
  pool.end_batch(0, batch);
  CHECK(values_of(batch) == std::vector<int>{1, -1, 3});
  CHECK_FALSE(batch->rest);
  const auto stats = pool.machine.stats();
  CHECK(stats.submitted == 3);
  CHECK(stats.succeeded == 2);
  CHECK(stats.failed == 1);
}

TEST_CASE("an item that takes long is left alone in its batch") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto batch = submit_batch(pool, 5);
  pool.claim(0, batch);
  pool.end_item(0, batch, 10);
  pool.claim(0, batch);
  CHECK(pool.machine.stats().running == 5);
  pool.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  CHECK(values_of(batch) == std::vector<int>{10});
  const auto running = batch->rest;
  REQUIRE(running);
  CHECK(running->items == 1);
  CHECK(running->index == 1);
  CHECK_FALSE(running->done());
  const auto others = running->rest;
  REQUIRE(others);
  CHECK(others->items == 3);
  pool.end_item(0, batch, 11);
  pool.end_batch(0, batch);
  CHECK(values_of(running) == std::vector<int>{11});
  CHECK(pool.seat_of(others) == 0u);
}

TEST_CASE("what is left of a batch is shared with a child that is idle") {
  half_done_batch b;
  b.pool.wait(2 * troupe::limits::take_back_after);
  CHECK(values_of(b.batch) == std::vector<int>{10, 11});
  const auto running = b.batch->rest;
  REQUIRE(running);
  CHECK(running->items == 1);
  std::size_t elsewhere = 0;
  std::size_t others = 0;
  for (auto part = running->rest; part; part = part->rest) {
    others += part->items;
    elsewhere += b.pool.seat_of(part) == 1 - b.seat ? part->items : 0;
  }
  CHECK(others == 2);
  CHECK(elsewhere >= 1);
  CHECK(b.pool.machine.stats().running + b.pool.machine.stats().queued == 3);
}

TEST_CASE("where all CPUs are busy, a batch is shared unless its items are short") {
  auto one_cpu = fake_pool::rules_of(2);
  one_cpu.cpus = 1;
  const auto is_shared = [](half_done_batch&& b) {
    b.pool.wait(2 * troupe::limits::take_back_after - 1ns);
    return b.batch->rest != nullptr;
  };
  CHECK(is_shared(half_done_batch(one_cpu)));
  CHECK(is_shared(half_done_batch(one_cpu, troupe::limits::wake_up_time)));
  CHECK_FALSE(is_shared(half_done_batch(one_cpu, 1us)));
  CHECK(is_shared(half_done_batch(fake_pool::rules_of(2), 1us)));
}

TEST_CASE(
  "after a death the finished items count, the one that ran is lost, the others run again") {
  half_done_batch b;
  b.pool.crash(b.seat, b.batch);
  CHECK(values_of(b.batch) == std::vector<int>{10, 11});
  const auto culprit = b.batch->rest;
  REQUIRE(culprit);
  CHECK(culprit->items == 1);
  CHECK(failed_with<troupe::child_lost>(culprit));
  try {
    std::rethrow_exception(culprit->error());
  } catch (const troupe::child_lost& lost) {
    CHECK(lost.culprit());
    CHECK(lost.task() == b.batch->id + 2);
  }
  const auto others = culprit->rest;
  REQUIRE(others);
  CHECK(others->items == 2);
  CHECK(b.pool.seat_of(others) == 1 - b.seat);
  CHECK(b.pool.machine.stats().lost == 1);
}

TEST_CASE("a batch that its child ends early goes on elsewhere") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto batch = submit_batch(pool, 4);
  pool.claim(0, batch);
  pool.end_item(0, batch, 7);
  pool.end_batch(0, batch);
  CHECK(values_of(batch) == std::vector<int>{7});
  REQUIRE(batch->rest);
  CHECK(batch->rest->items == 3);
  CHECK(pool.seat_of(batch->rest) == 0u);
}

TEST_CASE(
  "a batch that is cancelled keeps what is finished, and its running item is asked to stop") {
  half_done_batch b;
  b.pool.machine.cancel(b.batch, true, b.pool.now);
  b.pool.settle();
  CHECK(values_of(b.batch) == std::vector<int>{10, 11});
  for (auto part = b.batch->rest; part; part = part->rest)
    CHECK(failed_with<troupe::task_cancelled>(part));
  CHECK(b.pool[b.seat].asked_to_stop.size() == 1);
  CHECK(b.pool.machine.stats().cancelled == 3);
  b.pool.end_item(b.seat, b.batch, 12);
  b.pool.end_batch(b.seat, b.batch);
  CHECK(b.pool.machine.owed_by(b.seat) == 0);
}

TEST_CASE(
  "a batch that has ended when it is cancelled keeps its results, also if they are read only "
  "then") {
  half_done_batch b;
  b.pool.end_item(b.seat, b.batch, 12);
  b.pool.write_end(b.seat, b.batch);
  b.pool.machine.cancel(b.batch, true, b.pool.now);
  CHECK(values_of(b.batch) == std::vector<int>{10, 11, 12});
  REQUIRE(b.batch->rest);
  CHECK(failed_with<troupe::task_cancelled>(b.batch->rest));
  CHECK(b.pool[b.seat].asked_to_stop.empty());
}

TEST_CASE("a batch is cancelled also through a part of it that is left in its child") {
  half_done_batch b;
  b.pool.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  const auto running = b.batch->rest;
  REQUIRE(running);
  b.pool.machine.cancel(running, true, b.pool.now);
  CHECK(failed_with<troupe::task_cancelled>(running));
  CHECK(failed_with<troupe::task_cancelled>(running->rest));
}

TEST_CASE("an item that kills whoever takes it in fails alone") {
  fake_pool pool(fake_pool::rules_of(1));
  const auto batch = submit_batch(pool, 4);
  // The second item is the one.
  const auto find = [&](std::uint64_t index) {
    auto part = batch;
    while (index >= part->index + part->items) {
      REQUIRE(part->rest);
      part = part->rest;
    }
    return part;
  };
  for (int deaths = 0; deaths < 20 && !find(1)->done(); ++deaths) {
    pool.wait(1s);
    pool.all_ready();
    for (std::uint64_t item = 0; item < 4; ++item) {
      const auto part = find(item);
      const auto seat = pool.seat_of(part);
      if (!seat)
        continue;
      if (part == find(1)) {
        pool.choke(*seat, part);
        break;
      }
      for (std::uint32_t i = 0; i < part->items; ++i) {
        pool.claim(*seat, part);
        pool.end_item(*seat, part, 1);
      }
      pool.end_batch(*seat, part);
    }
  }
  CHECK(failed_with<troupe::child_lost>(find(1)));
  CHECK(find(1)->items == 1);
  pool.wait(1s);
  pool.all_ready();
  for (const std::uint64_t item : {0, 2, 3}) {
    const auto part = find(item);
    if (part->done())
      continue;
    const auto seat = pool.seat_of(part);
    REQUIRE(seat);
    for (std::uint32_t i = 0; i < part->items; ++i) {
      pool.claim(*seat, part);
      pool.end_item(*seat, part, 1);
    }
    pool.end_batch(*seat, part);
  }
  for (const std::uint64_t item : {0, 2, 3})
    CHECK(values_of(find(item)).size() == find(item)->items);
}

TEST_CASE("an item that cannot be taken in fails alone, whatever it travels with") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto batch = submit_batch(pool, 4);
  const auto part_with = [&](std::uint64_t index) {
    auto part = batch;
    while (index >= part->index + part->items) {
      REQUIRE(part->rest);
      part = part->rest;
    }
    return part;
  };
  // The third item is the one.
  for (int rounds = 0; rounds < 20; ++rounds)
    for (std::uint64_t item = 0; item < 4; ++item) {
      const auto part = part_with(item);
      if (part->done() || pool.seat_of(part) != 0u)
        continue;
      if (part == part_with(2)) {
        pool.claim(0, part);
        pool.write(0, part, true);
        pool[0].read();
        pool.settle();
        continue;
      }
      for (std::uint32_t i = 0; i < part->items; ++i) {
        pool.claim(0, part);
        pool.end_item(0, part, 1);
      }
      pool.end_batch(0, part);
    }
  CHECK(part_with(2)->items == 1);
  CHECK(part_with(2)->result().what == outcome::kind::threw);
  for (const std::uint64_t item : {0, 1, 3})
    CHECK(values_of(part_with(item)).size() == part_with(item)->items);
  const auto stats = pool.machine.stats();
  CHECK(stats.failed == 1);
  CHECK(stats.succeeded == 3);
  CHECK(stats.running == 0);
}

TEST_CASE("a part of a batch has the arguments of its own items, and no others") {
  troupe::detail::bytes arguments;
  troupe::detail::record_writer writer(arguments);
  for (const std::size_t size : {10, 20, 3000})
    writer.add([size](troupe::detail::bytes& out) {
      const std::vector<std::byte> content(size);
      out.append(content.data(), size);
      return true;
    });
  const task_ptr batch(new troupe::detail::task_state(
    troupe::detail::call_code{{}, {}, troupe::detail::call_kind::plain}, std::move(arguments)));
  batch->items = 3;
  const auto others = batch->divide(1);
  CHECK(batch->arguments().size() == 4 + 10);
  CHECK(others->arguments().size() == 4 + 20 + 4 + 3000);
  const auto last = others->divide(1);
  CHECK(others->arguments().size() == 4 + 20);
  CHECK(last->arguments().size() == 4 + 3000);
  CHECK(last->index == 2);
  CHECK(batch->rest == others);
  CHECK(others->rest == last);
}

TEST_CASE("parts of a batch do not overtake what has a higher priority") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto batch = submit_batch(pool, 8);
  pool.claim(0, batch);
  std::vector<task_ptr> fillers; // until the child has no more credit
  for (int i = 0; i < 8; ++i)
    fillers.push_back(pool.submit());
  const auto urgent = pool.submit(troupe::task_options{.priority = 100});
  pool.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  REQUIRE(batch->rest);
  CHECK_FALSE(pool.seat_of(urgent));
  pool.end_item(0, batch, 1);
  pool.end_batch(0, batch);
  for (int ended = 0; ended < 8 && !pool.seat_of(urgent); ++ended)
    for (const auto& filler : fillers)
      if (!filler->done() && pool.seat_of(filler)) {
        pool.finish(0, filler);
        break;
      }
  REQUIRE(pool.seat_of(urgent) == 0u);
  if (pool.seat_of(batch->rest)) // cells of this child are numbered in the order of sending
    CHECK(pool[0].cell_of(urgent) < pool[0].cell_of(batch->rest));
}

TEST_CASE("nobody is woken for batches that wait behind a long function") {
  fake_pool pool(fake_pool::rules_of(1));
  pool.all_ready();
  const auto function = pool.submit();
  pool.begin(0, function);
  const auto batch = submit_batch(pool, 5);
  REQUIRE(pool.seat_of(batch) == 0u);
  pool.wait(10ms);
  const auto next = pool.machine.next_alarm(); // that of the pulse
  REQUIRE(next);
  CHECK(*next - pool.now > 100ms);
  pool.finish(0, function);
  pool.claim(0, batch);
  pool.wait(troupe::limits::batch_patience + 2 * troupe::limits::take_back_after);
  CHECK(batch->items == 1); // it is looked at again
}
