// Defects that were found once, and must not come back.
#include "child/describe_exception.hpp"
#include "core/dispatcher.hpp"
#include "core/escape.hpp"
#include "core/exception_codec.hpp"
#include "link/channel.hpp"
#include "link/control_socket.hpp"
#include "support/catch.hpp"
#include "unit/codec_types.hpp"
#include "unit/seeded.hpp"
#include <fcntl.h>
#include <future>
#include <sys/socket.h>
#include <troupe/troupe.hpp>
using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
namespace {
struct nothing {
  friend bool operator==(const nothing&, const nothing&) = default;
};
} // namespace
TEST_CASE("a container of values that take no bytes keeps its size") {
  CHECK(round_trip(std::vector<nothing>(3)).size() == 3);
}
TEST_CASE("a container of std::monostate keeps its size") {
  CHECK(round_trip(std::vector<std::monostate>(3)).size() == 3);
}
TEST_CASE("std::future_error keeps its code") {
  auto r = child::describe_exception(
    std::make_exception_ptr(std::future_error(std::future_errc::broken_promise)));
  detail::bytes b;
  detail::encode_report(b, r);
  try {
    std::rethrow_exception(detail::decode_exception(detail::view(b)));
  } catch (const std::future_error& e) {
    CHECK(e.code() == std::future_errc::broken_promise);
  }
}
TEST_CASE("descriptors that come with an empty control message are closed") {
  auto [a, b] = link::make_control_sockets();
  int p[2];
  REQUIRE(::pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
  CHECK(link::send_control(a.get(), "", 0, &p[1], 1));
  std::uint64_t m = 0;
  CHECK(link::receive_control(b.get(), &m, sizeof m) == link::receive_result::closed);
  ::close(p[1]);
  char c;
  CHECK(::read(p[0], &c, 1) == 0);
}
TEST_CASE("a writer refuses a tail that cannot be, again and again") {
  link::ring_indices idx{};
  auto d = std::make_unique<std::byte[]>(8192);
  link::ring_writer w(idx, d.get(), 4096);
  std::vector<std::byte> payload(4096 - 32);
  CHECK(w.try_write({}, payload));
  idx.tail = 8192;
  CHECK_FALSE(w.try_write({}, payload));
  CHECK_FALSE(w.try_write({}, payload));
}
TEST_CASE("a reader refuses what follows a violation") {
  link::ring_indices idx{};
  auto d = std::make_unique<std::byte[]>(8192);
  link::ring_writer w(idx, d.get(), 4096);
  link::ring_reader r(idx, d.get(), 4096);
  std::vector<std::byte> payload(9);
  CHECK(w.try_write({}, payload));
  CHECK(r.next());
  idx.head = 8;
  CHECK_THROWS_AS(r.next(), link::protocol_violation);
  CHECK_THROWS_AS(r.next(), link::protocol_violation);
}
TEST_CASE("pieces of different kinds are no message") {
  auto region = std::make_shared<link::shared_region>(8);
  link::channel parent(region, link::channel::side::parent, link::unique_fd(), link::unique_fd());
  link::ring_writer w(region->header().to_parent, region->to_parent_data(), limits::ring_bytes);
  std::vector<std::byte> payload(100);
  link::frame_header h;
  h.flags = link::more_follows;
  CHECK(w.try_write(h, payload));
  h.kind = link::frame_kind::value;
  h.task = 1;
  CHECK(w.try_write(h, payload));
  h.flags = 0;
  CHECK(w.try_write(h, payload));
  std::size_t size = 0;
  try {
    parent.receive([&](const link::frame_header&, std::span<const std::byte> s) {
      size = s.size();
      return true;
    });
    FAIL("no violation; message of " << size);
  } catch (const link::protocol_violation&) {
  }
}
TEST_CASE("a C1 control that is not UTF-8 is escaped") {
  CHECK(core::escape("\x9b"
                     "31m") == "\\x9b31m");
}
TEST_CASE("a cut UTF-8 sequence is escaped and takes nothing with it") {
  CHECK(core::escape("\xc2\nnext") == "\\xc2\nnext");
}
// One long task with n short ones behind it, one idle child; the pool's timer of 500 us.
TEST_CASE("tasks that were taken back do not go to the stuck child again") {
  using namespace core;
  dispatcher d(1, 16);
  dispatcher::clock::time_point now{1h};
  const auto open = [](task_key) { return true; };
  d.add_child(0, 0, dispatcher::unlimited, now);
  d.enqueue({0, 1}, dispatcher::kind::plain, 0);
  d.next_assignment(open);
  d.ended(0, dispatcher::kind::plain, 1us, now);
  std::deque<task_key> held; // by child 0, behind the long one
  d.enqueue({0, 2}, dispatcher::kind::plain, 0);
  d.next_assignment(open);
  for (std::uint64_t i = 3; i < 203; ++i)
    d.enqueue({0, i}, dispatcher::kind::plain, 0);
  while (auto a = d.next_assignment(open))
    held.push_back(a->task);
  d.add_child(1, 0, dispatcher::unlimited, now);
  int rounds = 0;
  std::string log;
  while (!held.empty()) {
    now += 500us;
    ++rounds;
    auto t = d.next_take_back(now);
    REQUIRE(t);
    REQUIRE(t->from == 0);
    std::size_t n = std::min(t->at_most, held.size());
    for (std::size_t i = 0; i < n; ++i) {
      auto k = held.back();
      held.pop_back();
      d.taken_back(0, dispatcher::kind::plain);
      d.enqueue_front(k, dispatcher::kind::plain, 0);
    }
    std::size_t idle = 0;
    while (auto a = d.next_assignment(open)) {
      if (a->seat == 0)
        held.push_back(a->task);
      else
        ++idle;
    }
    log +=
      std::to_string(n) + " taken, " + std::to_string(held.size()) + " back to the stuck child; ";
    for (; idle > 0; --idle)
      d.ended(1, dispatcher::kind::plain, 1us, now);
  }
  INFO(log);
  CHECK(rounds == 1);
}
