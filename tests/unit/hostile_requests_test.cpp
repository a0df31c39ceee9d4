// Requests are bytes that a child chose: what is illegal is a violation of the protocol, and nothing else.
#include "base/limits.hpp"
#include "link/request.hpp"
#include "link/segment_list.hpp"
#include "os/image.hpp"
#include "parent/child/peer.hpp"
#include "parent/serve/child_requests.hpp"
#include "parent/serve/exports.hpp"
#include "parent/serve/queue_control.hpp"
#include "support/seeded.hpp"
#include "support/test_runtime.hpp"

#include <troupe/call.hpp>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::test;
using link::frame_header;
using link::protocol_violation;
using link::service;

namespace {

// A peer without any task, which reads no answer, and a pool that takes its tasks.
class desk final : parent::peer, parent::child_requests::owner {
public:
  explicit desk(std::uint64_t max_unread_bytes = limits::max_child_unread_bytes)
    : requests_(std::make_shared<parent::child_requests>(known_,
        static_cast<parent::child_requests::owner&>(*this), static_cast<parent::peer&>(*this),
        max_unread_bytes)) {
    known_.add_pool(pool = known_.new_id(), std::weak_ptr<parent::pool_control>());
  }
  desk(const desk&) = delete;
  ~desk() { requests_->drop(); }

  /// True if it was accepted, false for a violation; anything else fails the test.
  bool accepts(service what, std::uint64_t id, const std::vector<std::byte>& payload,
    std::uint32_t cell = link::no_cell) {
    frame_header header;
    header.kind = link::frame_kind::request;
    header.task = id;
    header.cell = cell;
    header.extra = static_cast<std::uint64_t>(what);
    try {
      requests_->take(header, payload);
      return true;
    } catch (const protocol_violation&) {
      return false;
    }
  }
  bool withdraws(std::uint64_t id) {
    try {
      requests_->withdraw(id, false);
      return true;
    } catch (const protocol_violation&) {
      return false;
    }
  }

  std::size_t answers() const { return unread_.size(); }
  void read_answers() { unread_.clear(); }

  std::uint64_t pool = 0;
  std::string ended; // why

private:
  void reply(std::uint64_t, std::uint64_t, std::span<const std::byte>,
    std::shared_ptr<const void> keeper, const detail::bytes*) override {
    unread_.push_back(std::move(keeper));
  }
  std::uint64_t make_for_result(std::size_t) override { return 0; }
  detail::bytes make_buffer(std::size_t) override { throw error("there are none"); }
  void signal_actors(
    link::actor_signal, std::span<const std::byte>, std::shared_ptr<const void>) override {}
  std::uint32_t nesting_of(std::uint32_t cell) const override {
    if (cell != link::no_cell)
      throw protocol_violation("no such task");
    return 0;
  }
  void end(const std::string& reason) override { ended = reason; }
  bool is_own(const parent::pool_control&) const override { return false; }
  void submit_nested(detail::task_ptr) override {}
  void cancel_nested(const detail::task_ptr&, bool) override {}

  parent::exports known_;
  std::vector<std::shared_ptr<const void>> unread_;
  std::shared_ptr<parent::child_requests> requests_;
};

template <class... Parts>
std::vector<std::byte> bytes_of(const Parts&... parts) {
  std::vector<std::byte> result;
  const auto append = [&result](const auto& part) {
    const auto* begin = reinterpret_cast<const std::byte*>(&part);
    result.insert(result.end(), begin, begin + sizeof part);
  };
  (append(parts), ...);
  return result;
}

link::submit_head legal_submit(const desk& d) {
  const auto bound = call([](int x) { return x; }, 1);
  link::submit_head head;
  head.pool = d.pool;
  head.code = link::call_head::of(bound.code());
  return head;
}

} // namespace

TEST_CASE("a legal request is accepted") {
  desk d;
  CHECK(d.accepts(service::submit, 1, bytes_of(legal_submit(d), std::int32_t{5})));
  CHECK(d.accepts(service::pop, 2, bytes_of(link::queue_head{d.pool, 0})));
  CHECK(d.accepts(service::push, 3, bytes_of(link::queue_head{d.pool, 0}, std::int32_t{5})));
  CHECK(d.accepts(service::close, 9, bytes_of(link::queue_head{d.pool, 0})));
  CHECK(d.withdraws(1));
  CHECK(d.withdraws(9));
}

TEST_CASE("a segment of a size or for a use that cannot be is a violation, one that is not to be "
          "had is no matter") {
  desk d;
  std::uint64_t id = 0;
  const auto asks = [&](std::uint64_t size, std::uint32_t use) {
    link::make_segment_head head;
    head.size = size;
    head.use = static_cast<link::segment_use>(use);
    return d.accepts(service::make_segment, ++id, bytes_of(head));
  };
  for (const std::uint32_t use : {0u, 1u, 4u, ~0u})
    CHECK_FALSE(asks(4096, use));
  for (const std::uint32_t use : {2u, 3u}) {
    CHECK_FALSE(asks(0, use));
    CHECK_FALSE(asks((std::uint64_t{1} << 40) + 1, use));
    CHECK_FALSE(asks(~std::uint64_t{0}, use));
    CHECK(asks(4096, use));
    CHECK(asks(std::uint64_t{1} << 40, use));
  }
  CHECK(d.answers() == 4);
  CHECK_FALSE(d.accepts(service::make_segment, ++id, bytes_of(std::uint64_t{4096})));
  link::make_segment_head head;
  head.size = 4096;
  head.use = link::segment_use::buffer;
  CHECK_FALSE(d.accepts(service::make_segment, ++id, bytes_of(head, 'x')));
}

TEST_CASE("the numbers of requests must rise") {
  desk d;
  const auto legal = bytes_of(link::queue_head{d.pool, 0});
  CHECK_FALSE(d.accepts(service::pop, 0, legal));
  CHECK(d.accepts(service::pop, 5, legal));
  CHECK_FALSE(d.accepts(service::pop, 5, legal));
  CHECK_FALSE(d.accepts(service::pop, 4, legal));
  CHECK_FALSE(d.withdraws(6));
  CHECK_FALSE(d.withdraws(~std::uint64_t{0}));
}

TEST_CASE("a request for an unknown service, or in the name of no task, is a violation") {
  desk d;
  const auto legal = bytes_of(link::queue_head{d.pool, 0});
  for (const std::uint64_t what : {0ULL, 5ULL, 1ULL << 32, ~0ULL})
    CHECK_FALSE(d.accepts(static_cast<service>(what), what % 7 + 1, legal));
  const auto submit = bytes_of(legal_submit(d), std::int32_t{5});
  CHECK_FALSE(d.accepts(service::submit, 10, submit, 0));
  CHECK_FALSE(d.accepts(service::submit, 11, submit, 64));
  CHECK_FALSE(d.accepts(service::submit, 12, submit, 0x7fffffff));
}

TEST_CASE("every truncation of a request's head is a violation") {
  desk d;
  const auto submit = bytes_of(legal_submit(d));
  std::uint64_t id = 0;
  for (std::size_t size = 0; size < submit.size(); ++size)
    CHECK_FALSE(d.accepts(service::submit, ++id, {submit.begin(), submit.begin() + size}));
  const auto queue = bytes_of(link::queue_head{d.pool, 0});
  for (std::size_t size = 0; size < queue.size(); ++size)
    for (const auto what : {service::push, service::pop, service::close})
      CHECK_FALSE(d.accepts(what, ++id, {queue.begin(), queue.begin() + size}));
}

TEST_CASE("pools and queues that never were are violations") {
  desk d;
  std::uint64_t id = 0;
  for (const std::uint64_t foreign : {std::uint64_t{0}, d.pool + 1, ~std::uint64_t{0}}) {
    auto head = legal_submit(d);
    head.pool = foreign;
    CHECK_FALSE(d.accepts(service::submit, ++id, bytes_of(head)));
    for (const auto what : {service::push, service::pop, service::close})
      CHECK_FALSE(d.accepts(what, ++id, bytes_of(link::queue_head{foreign, 0})));
  }
  CHECK_FALSE(d.accepts(service::pop, ++id, bytes_of(link::queue_head{d.pool, -1})));
  CHECK_FALSE(d.accepts(service::pop, ++id, bytes_of(link::queue_head{d.pool, 0}, 'x')));
}

TEST_CASE("code outside of the program is not passed on") {
  desk d;
  std::uint64_t id = 0;
  const auto refuses = [&](auto change) {
    auto head = legal_submit(d);
    change(head);
    return !d.accepts(service::submit, ++id, bytes_of(head, std::int32_t{5}));
  };
  CHECK(refuses([](auto& head) { head.code.thunk_offset = 0; }));
  CHECK(refuses([](auto& head) { head.code.thunk_offset = 1ULL << 40; }));
  CHECK(refuses([](auto& head) { head.code.thunk_offset = ~0ULL; }));
  CHECK(refuses([](auto& head) { head.code.thunk_module = 12345; }));
  CHECK(refuses([](auto& head) { head.code.target_module = os::no_module; }));
  CHECK(refuses([](auto& head) { head.code.target_offset = 1ULL << 50; }));
  CHECK(refuses([](auto& head) { head.code.kind = 3; }));
  CHECK(refuses([](auto& head) { head.code.kind = 255; }));
  CHECK(refuses([](auto& head) { head.option_bytes = 5; }));
  CHECK(refuses([](auto& head) { head.option_bytes = ~0ULL; }));
  CHECK(refuses([](auto& head) { head.option_bytes = 4; })); // which are not options
}

TEST_CASE("a child cannot have more requests under way than the limit") {
  desk d;
  const auto legal = bytes_of(link::queue_head{d.pool, 0});
  // Nobody reads the answers, so they count.
  std::uint64_t id = 0;
  while (id < 2 * limits::max_child_requests && d.accepts(service::close, ++id, legal)) {
  }
  CHECK(id > limits::max_child_requests);
  CHECK(id < 2 * limits::max_child_requests);
}

TEST_CASE(
  "a child that does not read its answers is ended at the limit of their bytes, and not before") {
  constexpr std::uint64_t limit = 10'000;
  desk d(limit);
  const auto submit =
    bytes_of(legal_submit(d), std::int32_t{5}); // to a pool that is closed: answered with an error
  std::uint64_t id = 0;
  for (; id < 2 * limit; d.read_answers())
    REQUIRE(d.accepts(service::submit, ++id, submit));
  CHECK(d.ended.empty());

  while (d.ended.empty() && d.answers() < limit)
    REQUIRE(d.accepts(service::submit, ++id, submit));
  CHECK(d.answers() > 1);
  CHECK(d.answers() < limit / 10); // each has some ten bytes at least
  CHECK_THAT(d.ended, Catch::Contains("it does not read what it asked for: " +
                                      std::to_string(d.answers()) + " answers of "));
}

TEST_CASE("random requests are accepted or refused, and nothing else happens") {
  for_each_seed(20, [](random_source& random) {
    desk d;
    std::uint64_t id = 0;
    std::size_t refused = 0;
    for (int i = 0; i < 300; ++i) {
      auto payload = random.one_in(2) ? random_bytes(random, random.below(120))
                                      : bytes_of(legal_submit(d), std::int32_t{1});
      if (!payload.empty() && random.one_in(2))
        payload[random.below(payload.size())] = static_cast<std::byte>(random.word());
      const auto what = static_cast<service>(random.below(6));
      id += random.below(3);
      refused += !d.accepts(what, id, payload, random.one_in(3) ? 0 : link::no_cell);
      refused += !d.withdraws(random.below(400));
    }
    CHECK(refused > 0);
  });
}
