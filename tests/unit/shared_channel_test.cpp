// A channel whose one thread sends messages while others append results of batches.
#include "link/channel.hpp"
#include "support/catch.hpp"
#include "support/seeded.hpp"

#include <troupe/detail/batch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

using namespace troupe::link;
using troupe::base::unique_fd;
using troupe::test::random_source;

namespace {

constexpr std::uint32_t cells = 4;
constexpr std::uint32_t results = 20'000; // of each cell

// What the result with that number is, also the message with that one.
std::vector<std::uint32_t> content_of(std::uint32_t number, std::size_t size) {
  return std::vector<std::uint32_t>(size, number);
}

std::vector<std::uint32_t> result_of(std::uint32_t number) {
  return content_of(number, number % 40);
}

// Appends all results of a cell, each as soon as there is room.
void append_results(const std::stop_token& stopped, channel& to, std::uint32_t cell) {
  frame_header header;
  header.kind = frame_kind::results;
  header.cell = cell;
  for (std::uint32_t number = 0; number < results; ++number) {
    const auto content = result_of(number);
    const auto bytes = std::as_bytes(std::span(content));
    while (!to.append(header, troupe::detail::record_head(bytes.size()).word(), bytes)) {
      if (stopped.stop_requested())
        return;
      std::this_thread::yield();
    }
  }
}

// Looks at what comes.
struct receiver {
  std::array<std::uint32_t, cells> next{};
  std::uint32_t messages = 0;
  bool intact = true;

  bool operator()(const frame_header& header, std::span<const std::byte> payload) {
    if (header.kind != frame_kind::results) {
      const auto expected = content_of(++messages, payload.size() / sizeof(std::uint32_t));
      expect(payload, expected);
      return true;
    }
    troupe::detail::record_reader records(payload);
    while (const auto record = records.next())
      expect(record->content, result_of(next.at(header.cell)++));
    intact = intact && records.rest().empty();
    return true;
  }
  void expect(std::span<const std::byte> bytes, const std::vector<std::uint32_t>& content) {
    intact = intact && std::ranges::equal(bytes, std::as_bytes(std::span(content)));
  }
  bool has_all_results() const {
    return std::ranges::all_of(next, [](auto count) { return count == results; });
  }
};

} // namespace

TEST_CASE(
  "results that threads append come whole and in order, and so do the messages between them") {
  const auto region = std::make_shared<shared_region>(link_size{cells});
  channel parent(region, channel::side::parent, unique_fd(), unique_fd());
  channel child(region, channel::side::child, unique_fd(), unique_fd());
  child.share();
  std::atomic<std::uint32_t> at_work = cells;
  std::vector<std::jthread> threads;
  for (std::uint32_t cell = 0; cell < cells; ++cell)
    threads.emplace_back([&, cell](const std::stop_token& stopped) {
      append_results(stopped, child, cell);
      --at_work;
    });
  random_source random(1);
  receiver seen;
  std::uint32_t sent = 0;
  while (!seen.has_all_results() || seen.messages < sent) {
    if (at_work > 0 && child.outbox_empty()) {
      // Some travel in pieces, between which nothing is appended.
      const auto size = random.one_in(100) ? troupe::limits::ring_bytes / 4 : random.below(100);
      const auto content = std::make_shared<std::vector<std::uint32_t>>(content_of(++sent, size));
      child.send({}, {}, std::as_bytes(std::span(*content)), [&] { return content; });
    }
    for (std::uint32_t cell = 0; at_work == 0 && cell < cells; ++cell)
      child.publish_staged(cell, 0, 0);
    child.flush_outbox();
    parent.receive([&](const auto& header, auto payload) { return seen(header, payload); });
    REQUIRE(seen.intact);
  }
}
