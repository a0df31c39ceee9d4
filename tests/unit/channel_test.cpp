// Both ends of a link in one process.
#include "link/bell.hpp"
#include "link/channel.hpp"
#include "support/seeded.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>

#include <fcntl.h>
#include <poll.h>

using namespace troupe::link;
using troupe::base::unique_fd;
using namespace troupe::test;

namespace {

constexpr std::size_t max_piece = troupe::limits::max_piece_bytes(troupe::limits::ring_bytes);
constexpr std::size_t ring_bytes = troupe::limits::ring_bytes;

unique_fd copy_of(int fd) {
  return unique_fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

// A region and its two channels.
struct link_pair {
  std::shared_ptr<shared_region> region = std::make_shared<shared_region>(link_size{8});
  bell to_parent = make_bell();
  bell to_child = make_bell();
  unique_fd parent_bell = copy_of(to_parent.read.get());
  unique_fd child_bell = copy_of(to_child.read.get());
  channel parent{
    region, channel::side::parent, std::move(to_parent.read), std::move(to_child.write)};
  channel child{region, channel::side::child, std::move(to_child.read), std::move(to_parent.write)};
};

bool rung(const unique_fd& bell) {
  pollfd look{bell.get(), POLLIN, 0};
  return ::poll(&look, 1, 0) == 1;
}

frame_header header_of(frame_kind kind, std::uint64_t task) {
  frame_header header;
  header.kind = kind;
  header.task = task;
  header.cell = static_cast<std::uint32_t>(task % 8);
  return header;
}

const auto no_owner = [] { return std::shared_ptr<const void>(); };

// Counts what a channel hands out.
struct received {
  std::vector<std::uint64_t> tasks;
  std::vector<std::byte> last;
  bool operator()(const frame_header& header, std::span<const std::byte> payload) {
    tasks.push_back(header.task);
    last.assign(payload.begin(), payload.end());
    return true;
  }
};

// -- a stream of messages in one direction
// ----------------------------------------------------------

const std::vector<std::byte>& noise() {
  static const auto bytes = [] {
    random_source random(1);
    return random_bytes(random, 4 << 20);
  }();
  return bytes;
}

std::size_t random_size(random_source& random) {
  static constexpr std::size_t sizes[] = {0, 1, 7, 8, 9, 31, 500, 30'000, max_piece - 1, max_piece,
    max_piece + 1, 2 * max_piece, ring_bytes - 32, ring_bytes, ring_bytes + 1, 1 << 20, 3 << 20};
  return sizes[random.one_in(3) ? random.below(std::size(sizes)) : random.below(8)];
}

class stream {
public:
  stream(channel& from, channel& to, frame_kind kind)
    : from_(from)
    , to_(to)
    , kind_(kind) {}

  void send(random_source& random) {
    const auto size = random_size(random);
    const auto offset = random.below(noise().size() - size + 1);
    const auto message = std::span(noise()).subspan(offset, size);
    const auto head = random.one_in(2) ? std::min<std::size_t>(size, 32) : random.below(size + 1);
    sent_.push_back(message);
    from_.send(
      header_of(kind_, ++sent_count_), message.first(head), message.subspan(head), no_owner);
  }

  void flush() { from_.flush_outbox(); }

  void receive() {
    to_.receive([this](const frame_header& header, std::span<const std::byte> payload) {
      ++received_count_;
      intact_ = intact_ && !sent_.empty() && header.task == received_count_ &&
                header.kind == kind_ && std::ranges::equal(payload, sent_.front());
      if (!sent_.empty())
        sent_.pop_front();
      return intact_;
    });
  }

  bool intact() const { return intact_; }
  bool delivered() const { return sent_.empty() && received_count_ == sent_count_; }

private:
  channel& from_;
  channel& to_;
  frame_kind kind_;
  std::deque<std::span<const std::byte>> sent_;
  std::uint64_t sent_count_ = 0;
  std::uint64_t received_count_ = 0;
  bool intact_ = true;
};

} // namespace

TEST_CASE("messages of any size go both ways at once, and arrive intact and in order") {
  for_each_seed(6, [](random_source& random) {
    link_pair link;
    stream calls(link.parent, link.child, frame_kind::call);
    stream results(link.child, link.parent, frame_kind::value);
    for (int step = 0; step < 150; ++step) {
      auto& one = random.one_in(2) ? calls : results;
      switch (random.below(3)) {
      case 0:
        one.send(random);
        break;
      case 1:
        one.flush();
        break;
      case 2:
        one.receive();
        break;
      }
    }
    for (int round = 0; round < 2'000 && !(calls.delivered() && results.delivered()); ++round)
      for (auto* one : {&calls, &results}) {
        one->receive();
        one->flush();
      }
    CHECK(calls.intact());
    CHECK(results.intact());
    CHECK(calls.delivered());
    CHECK(results.delivered());
    CHECK(link.parent.outbox_empty());
    CHECK(link.child.outbox_empty());
  });
}

TEST_CASE("what finds no room waits in the outbox, with its owner, and arrives later") {
  link_pair link;
  const auto body = std::make_shared<std::vector<std::byte>>(50'000, std::byte{7});
  std::uint64_t sent = 0;
  while (link.parent.outbox_empty() && sent < 100)
    link.parent.send(header_of(frame_kind::call, ++sent), {}, *body, [&] { return body; });
  CHECK(sent == ring_bytes / 50'000 + 1);
  CHECK(body.use_count() == 2); // only the message that waits keeps it
  link.parent.send(header_of(frame_kind::call, ++sent), {}, {}, no_owner);
  CHECK_FALSE(link.parent.outbox_empty());
  CHECK_FALSE(link.parent.flush_outbox());
  received got;
  CHECK(link.child.receive(std::ref(got)));
  CHECK(got.tasks.size() == sent - 2);
  CHECK(link.parent.flush_outbox());
  CHECK(link.parent.outbox_empty());
  CHECK(body.use_count() == 1);
  link.child.receive(std::ref(got));
  REQUIRE(got.tasks.size() == sent);
  CHECK(std::is_sorted(got.tasks.begin(), got.tasks.end()));
  CHECK_FALSE(link.child.receive(std::ref(got)));
}

TEST_CASE("a message that fits is published at once and needs no owner") {
  link_pair link;
  link.parent.send(header_of(frame_kind::call, 1), {}, noise(), [] {
    return std::shared_ptr<const void>(); // several pieces: it waits
  });
  received got;
  while (!link.parent.outbox_empty()) {
    link.child.receive(std::ref(got));
    link.parent.flush_outbox();
  }
  link.child.receive(std::ref(got));
  CHECK(got.tasks.size() == 1);
  CHECK(got.last == noise());
  bool asked = false;
  link.parent.send(header_of(frame_kind::call, 2), {}, std::span(noise()).first(max_piece), [&] {
    asked = true;
    return std::shared_ptr<const void>();
  });
  CHECK_FALSE(asked);
}

TEST_CASE("a receiver takes only so many frames in one turn") {
  link_pair link;
  for (std::uint64_t task = 1; task <= troupe::limits::frames_per_turn + 10; ++task)
    link.parent.send(header_of(frame_kind::call, task), {}, {}, no_owner);
  received got;
  CHECK(link.child.receive(std::ref(got)));
  CHECK(got.tasks.size() == troupe::limits::frames_per_turn);
  CHECK(link.child.receive(std::ref(got)));
  CHECK(got.tasks.size() == troupe::limits::frames_per_turn + 10);
}

TEST_CASE("a receiver that returns false gets no more, and may have destroyed the channel") {
  link_pair link;
  auto child =
    std::make_unique<channel>(link.region, channel::side::child, unique_fd(), unique_fd());
  for (std::uint64_t task = 1; task <= 3; ++task)
    link.parent.send(header_of(frame_kind::call, task), {}, {}, no_owner);
  int calls = 0;
  CHECK(child->receive([&](const frame_header&, std::span<const std::byte>) {
    ++calls;
    child.reset();
    return false;
  }));
  CHECK(calls == 1);
}

// -- doorbells
// --------------------------------------------------------------------------------------

TEST_CASE("the bell is rung only for a peer that sleeps, and once per batch") {
  link_pair link;
  link.parent.send(header_of(frame_kind::call, 1), {}, {}, no_owner);
  link.parent.ring_peer();
  CHECK_FALSE(rung(link.child_bell)); // it is awake
  received got;
  link.child.receive(std::ref(got));
  CHECK(link.child.prepare_sleep());
  link.parent.ring_peer();
  CHECK_FALSE(rung(link.child_bell)); // nothing new
  link.parent.send(header_of(frame_kind::call, 2), {}, {}, no_owner);
  link.parent.send(header_of(frame_kind::call, 3), {}, {}, no_owner);
  link.parent.ring_peer();
  REQUIRE(rung(link.child_bell));
  link.child.awake();
  link.child.clear_bell();
  CHECK_FALSE(rung(link.child_bell));
  CHECK_FALSE(rung(link.parent_bell));
}

TEST_CASE("nobody goes to sleep over a message") {
  link_pair link;
  CHECK(link.child.prepare_sleep());
  link.child.awake();
  link.parent.send(header_of(frame_kind::call, 1), {}, {}, no_owner);
  CHECK_FALSE(link.child.prepare_sleep());
}

TEST_CASE("a sender that waits for room is woken when there is some") {
  link_pair link;
  link.parent.send(header_of(frame_kind::call, 1), {}, noise(), no_owner);
  CHECK_FALSE(link.parent.outbox_empty());
  CHECK(link.parent.prepare_sleep());
  received got;
  link.child.receive(std::ref(got));
  link.child.ring_peer();
  CHECK(rung(link.parent_bell));
  CHECK(link.parent.flush_outbox());
}

// -- hostile peers
// ----------------------------------------------------------------------------------

namespace {

// A child that writes what it likes into its ring.
struct hostile_link {
  link_pair link;
  ring_writer writer{link.region->header().to_parent, link.region->to_parent_data(), ring_bytes};
  std::vector<std::byte> payload = std::vector<std::byte>(100, std::byte{9});

  void write(frame_kind kind, std::uint64_t task, bool more) {
    auto header = header_of(kind, task);
    header.flags = more ? more_follows : 0;
    REQUIRE(writer.try_write(header, payload));
  }
  received read() {
    received got;
    link.parent.receive(std::ref(got));
    return got;
  }
};

} // namespace

TEST_CASE("a message in pieces ends with the piece that says so") {
  hostile_link link;
  link.write(frame_kind::value, 1, true);
  link.write(frame_kind::value, 1, true);
  CHECK(link.read().tasks.empty());
  link.write(frame_kind::value, 1, false);
  link.write(frame_kind::value, 2, false);
  const auto got = link.read();
  CHECK(got.tasks == std::vector<std::uint64_t>{1, 2});
  CHECK(got.last.size() == 100);
}

TEST_CASE("a message in pieces must not be interrupted by another") {
  {
    hostile_link other_task;
    other_task.write(frame_kind::value, 1, true);
    other_task.write(frame_kind::value, 9, false); // of the same cell
    CHECK_THROWS_AS(other_task.read(), protocol_violation);
  }
  {
    hostile_link other_kind;
    other_kind.write(frame_kind::value, 1, true);
    other_kind.write(frame_kind::threw, 1, true);
    CHECK_THROWS_AS(other_kind.read(), protocol_violation);
  }
}

TEST_CASE("a forged head or length is a violation for the channel too") {
  const auto violates = [](std::uint32_t length, std::uint64_t head) {
    hostile_link link;
    link.write(frame_kind::value, 1, false);
    auto& region = *link.link.region;
    std::memcpy(region.to_parent_data(), &length, sizeof length);
    region.header().to_parent.head = head;
    CHECK_THROWS_AS(link.read(), protocol_violation);
  };
  violates(100, ring_bytes + 8);
  violates(100, 141);
  violates(0xffffffff, 136);
  violates(max_piece + 1, ring_bytes);
}

TEST_CASE("a link with corrupted bytes yields messages or a protocol_violation") {
  link_pair shared;
  auto& region = *shared.region;
  std::size_t violations = 0;
  for_each_seed(2'000, [&](random_source& random) {
    auto& indices = region.header().to_parent;
    indices.head = 0;
    indices.tail = 0;
    channel parent(shared.region, channel::side::parent, unique_fd(), unique_fd());
    ring_writer writer(indices, region.to_parent_data(), ring_bytes);
    const std::vector<std::byte> payload(64, std::byte{1});
    for (std::uint64_t task = 1; task <= 10; ++task) {
      auto header = header_of(frame_kind::value, task / 3);
      header.flags = task % 3 == 2 ? 0 : more_follows;
      REQUIRE(writer.try_write(header, std::span(payload).first(random.below(64))));
    }
    const auto written = indices.head.load();
    for (auto changes = 1 + random.below(3); changes > 0; --changes)
      region.to_parent_data()[random.below(written)] = static_cast<std::byte>(random.word());
    if (random.one_in(4))
      indices.head = random.one_in(2) ? random.word() : random.below(2 * ring_bytes / 8) * 8;
    try {
      while (parent.receive([](const frame_header&, std::span<const std::byte>) { return true; })) {
      }
    } catch (const protocol_violation&) {
      ++violations;
    }
  });
  CHECK(violations > 100);
}

TEST_CASE("pieces of different kinds are no message") {
  const auto region = std::make_shared<shared_region>(link_size{8});
  channel parent(region, channel::side::parent, unique_fd(), unique_fd());
  ring_writer writer(region->header().to_parent, region->to_parent_data(), ring_bytes);
  const std::vector<std::byte> payload(100);
  auto first = header_of(frame_kind::value, 0);
  first.flags = more_follows;
  auto second = header_of(frame_kind::threw, 0);
  second.flags = more_follows;
  CHECK(writer.try_write(first, payload));
  CHECK(writer.try_write(second, payload));
  CHECK(writer.try_write(header_of(frame_kind::threw, 0), payload));
  received seen;
  CHECK_THROWS_AS(parent.receive(std::ref(seen)), protocol_violation);
}
