// A child that asks for what it must not ask, or lends what it does not have, is ended, and nothing else.
#include "link/request.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/hostile_child.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::test;
using namespace troupe::link;

namespace {

void write_frame(const frame_header& header, std::size_t payload_words = 0) {
  const std::vector<std::uint64_t> payload(payload_words, ~std::uint64_t{0});
  own_link().write(header, std::as_bytes(std::span(payload)));
}

// What a hostile child writes: the number picks one. `cell` and `task` are those of a task of its own.
constexpr int variants = 11;
void write_hostile(int variant, std::uint32_t cell, std::uint64_t task) {
  frame_header header;
  header.cell = cell;
  header.task = task;
  switch (variant) {
  case 0: // a place that was not lent
    header.kind = frame_kind::reclaim;
    write_frame(header);
    break;
  case 1: // the same place twice
    header.kind = frame_kind::lend;
    write_frame(header);
    write_frame(header);
    break;
  case 2: // no such cell
    header.kind = frame_kind::lend;
    header.cell = 0xffffffff;
    write_frame(header);
    break;
  case 3: // no such task
    header.kind = frame_kind::lend;
    header.task = task + 1000;
    write_frame(header);
    break;
  case 4: // the outcome of a task that has lent its place
    header.kind = frame_kind::lend;
    write_frame(header);
    header.kind = frame_kind::value;
    write_frame(header);
    break;
  case 5: // a request that was never made
    header.kind = frame_kind::withdraw;
    write_frame(header);
    break;
  case 6: // no such service
    header.kind = frame_kind::request;
    header.extra = 99;
    write_frame(header, 2);
    break;
  case 7: // too short
    header.kind = frame_kind::request;
    header.extra = static_cast<std::uint64_t>(service::submit);
    write_frame(header, 1);
    break;
  case 8: // a pool that never was
    header.kind = frame_kind::request;
    header.extra = static_cast<std::uint64_t>(service::submit);
    write_frame(header, 20);
    break;
  case 9: // a queue that never was
    header.kind = frame_kind::request;
    header.extra = static_cast<std::uint64_t>(service::pop);
    write_frame(header, 2);
    break;
  case 10: // an answer, which only the parent gives
    header.kind = frame_kind::reply;
    write_frame(header);
    break;
  }
}

void be_hostile(int variant) {
  write_hostile(variant, own_link().own_cell(), 1); // the only task of the child so far
  std::this_thread::sleep_for(1h);
}

// Writes the outcome of the task that this is, which has run for a year.
void claim_to_have_run_for_a_year() {
  frame_header header;
  header.kind = frame_kind::value;
  header.cell = own_link().own_cell();
  header.task = troupe::this_task::id();
  header.extra = static_cast<std::uint64_t>(std::chrono::nanoseconds(24h * 365).count());
  write_frame(header);
  std::this_thread::sleep_for(1h);
}

// Writes results of the batch whose fourth item this is, which is the first task of its child: none that it may.
constexpr int batch_variants = 6;
int square_or_be_hostile(int x, int variant) {
  if (x != 3)
    return x * x;
  const auto record = [](std::size_t length) {
    return std::uint64_t{length} | std::uint64_t{0x77} << 32; // the head, and four bytes
  };
  frame_header header;
  header.kind = frame_kind::results;
  header.cell = own_link().own_cell();
  header.task = 1;
  std::vector<std::uint64_t> records{record(4)};
  std::size_t length = 8;
  switch (variant) {
  case 0: // cut off in the head of the second one
    records.push_back(record(4));
    length = 11;
    break;
  case 1: // longer than the frame
    records = {record(5000)};
    break;
  case 2: // more than there are items
    records.assign(1000, record(4));
    length = 8000;
    break;
  case 3: // fewer than have been begun
    header.flags = batch_ended;
    break;
  case 4: // none
    header.flags = batch_ended;
    length = 0;
    break;
  case 5: // the outcome of a task of its own
    header.kind = frame_kind::value;
    break;
  }
  own_link().write(header, std::as_bytes(std::span(records)).first(length));
  std::this_thread::sleep_for(1h);
  return 0;
}

// Keeps the longest time for which a task is said to have run.
class longest_time final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override {}
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info&) override { return 0; }
  void task_left(troupe::queue_id, std::optional<std::chrono::nanoseconds> ran) override {
    longest = std::max(longest.load(), ran.value_or(0ns));
  }

  std::atomic<std::chrono::nanoseconds> longest{0ns};
};

std::uint64_t number_of(const troupe::pool_handle& handle) {
  troupe::detail::bytes encoded;
  troupe::encoder{encoded}(handle);
  std::uint64_t number = 0;
  std::memcpy(&number, encoded.data(), sizeof number);
  return number;
}

// Asks without end, and never reads an answer.
void flood(const troupe::pool_handle& own) {
  frame_header header;
  header.kind = frame_kind::request;
  header.cell = no_cell;
  header.extra = static_cast<std::uint64_t>(service::close);
  const own_link link;
  const auto& ring = link.header().to_parent;
  const queue_head head{number_of(own), 0}; // the pool's own number: no queue has it
  for (header.task = 1;; ++header.task) {
    while (ring.head.load() - ring.tail.load() + 1024 > troupe::limits::ring_bytes)
      std::this_thread::yield();
    link.write(header, std::as_bytes(std::span(&head, 1)));
  }
}

} // namespace

TEST_CASE("requests and places that a child must not ask for or lend end that child") {
  for (int variant = 0; variant < variants; ++variant) {
    INFO("variant " << variant);
    troupe::pool pool{rt(), {.processes = 1}};
    auto hostile = pool.apply(be_hostile, variant);
    check_ended_by_violation(pool, hostile);
  }
}

TEST_CASE("results of a batch that cannot be end their child, and each item has an outcome") {
  for (int variant = 0; variant < batch_variants; ++variant) {
    INFO("variant " << variant);
    troupe::pool pool{rt(), {.processes = 1}};
    std::vector<std::tuple<int, int>> input;
    for (int x = 0; x < 10; ++x)
      input.emplace_back(x, variant);
    auto results = pool.starmap(troupe::map_options{.chunksize = 10}, square_or_be_hostile, input);
    int values = 0;
    int lost = 0;
    for (int x = 0; x < 10; ++x)
      try {
        const auto value = results.next_blocking();
        REQUIRE(value.has_value());
        values += *value == x * x || x < 3; // the hostile one may lie about those before it
      } catch (const troupe::child_lost& e) {
        ++lost;
        CHECK_THAT(e.what(), ContainsSubstring("protocol violation"));
      }
    CHECK(lost >= 1);
    CHECK(lost <= 4);
    CHECK(values + lost == 10);
    CHECK_FALSE(results.next_blocking());
    CHECK(pool.apply(square, 3).get() == 9);
    CHECK(pool.stats().deaths == 1);
  }
}

TEST_CASE("a child that asks without end and reads nothing is ended, and the parent stays small") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto before = resident_kilobytes(::getpid());
  auto hostile = pool.apply(flood, pool.handle());
  REQUIRE(wait_looking(pool, hostile));
  CHECK_THROWS_AS(hostile.get(), troupe::child_lost);
  CHECK(resident_kilobytes(::getpid()) < before + 512 * 1024);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a child that claims a longer time for its task than there was is not believed") {
  const auto scheduler = std::make_shared<longest_time>();
  const auto before = std::chrono::steady_clock::now();
  troupe::pool pool{rt(), {.processes = 1, .scheduler = scheduler}};
  auto hostile = pool.apply(claim_to_have_run_for_a_year);
  REQUIRE(wait_looking(pool, hostile));
  hostile.get();
  CHECK(scheduler->longest.load() > 0ns);
  CHECK(scheduler->longest.load() <= std::chrono::steady_clock::now() - before);
  pool.terminate();
}
