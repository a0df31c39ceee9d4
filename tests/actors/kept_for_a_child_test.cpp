// What a child's actors can make the parent keep, and for how long.
#include "actors/parent_end.hpp"
#include "base/limits.hpp"
#include "parent/child/child_actors.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include <atomic>
#include <memory>

using namespace troupe::test;
using troupe::link::actor_signal;
using troupe::link::protocol_violation;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool keeps_what_was_freed = true;
#else
constexpr bool keeps_what_was_freed = false;
#endif

constexpr std::uint64_t asynchronous = caf::message_id::default_async_value;

// An actor's name, without the actor.
struct name {
  caf::actor_id actor = 0;
  caf::node_id process;
};

// A message to `to` of one that the child calls `from`.
buffer message_from(
  parent_end& parent, const caf::actor& to, const name& from, std::uint64_t id = asynchronous) {
  return parent.encoded(caf::actor_cast<caf::strong_actor_ptr>(to), from.actor, from.process, id,
    stages_of_message(), caf::make_message(std::string("text")));
}

caf::actor_id made_up(std::uint64_t number) {
  return 1'000'000 + number;
}

bool is_gone(const caf::actor_addr& actor) {
  return caf::actor_cast<caf::strong_actor_ptr>(actor) == nullptr;
}

// Asks `whom` and counts what it gets.
struct answers {
  std::atomic<int> values = 0;
  std::atomic<int> errors = 0;
};
caf::actor spawn_asker(parent_end& parent, const caf::actor& whom, answers& got) {
  return parent.system.spawn([whom, &got](caf::event_based_actor* self) {
    self->request(whom, caf::infinite, std::string("question"))
      .then([&got](int) { ++got.values; }, [&got](caf::error&) { ++got.errors; });
    return caf::behavior{[](float) {}};
  });
}

} // namespace

TEST_CASE("actors that a child names once are not kept") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto before = resident_kilobytes(::getpid());
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    parent.bridge->receive(actor_signal::message,
      bytes_of(message_from(parent, parent.known, {made_up(i), parent_end::child()})));
    if (i % 256 == 0)
      parent.settle();
  }
  CHECK(eventually([&] {
    // One more name, so that it is looked which are needed.
    static std::uint64_t next = 200'000;
    for (int i = 0; i < 100; ++i)
      parent.bridge->receive(actor_signal::message,
        bytes_of(message_from(parent, parent.known, {made_up(++next), parent_end::child()})));
    parent.settle();
    return parent.hub->known_actors(parent_end::child()) <= 2 * troupe::limits::min_proxy_sweep;
  }));
  CHECK((keeps_what_was_freed || resident_kilobytes(::getpid()) < before + 100'000));
}

TEST_CASE(
  "an actor of a child whose end somebody waits for is kept, though nobody has its handle") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto ended = std::make_shared<std::atomic<bool>>(false);
  parent.hub->find(parent_end::child(), 77)->get()->attach_functor([ended](const caf::error&) {
    *ended = true;
  });
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    parent.bridge->receive(actor_signal::message,
      bytes_of(message_from(parent, parent.known, {made_up(i), parent_end::child()})));
    parent.settle();
  }
  CHECK_FALSE(*ended);
  parent.bridge->receive(actor_signal::down,
    bytes_of(parent.encoded(parent_end::child(), std::uint64_t{77}, caf::error())));
  CHECK(*ended);
}

TEST_CASE("a child cannot name more actors than the limit, if all are referred to") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  std::vector<caf::strong_actor_ptr> kept;
  for (std::uint64_t i = 0; i < troupe::limits::max_remote_actors; ++i)
    kept.push_back(parent.hub->find(parent_end::child(), made_up(i)));
  parent.settle();
  const auto one_more = message_from(
    parent, parent.known, {made_up(troupe::limits::max_remote_actors), parent_end::child()});
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::message, bytes_of(one_more)), protocol_violation);
  CHECK(parent.hub->known_actors(parent_end::child()) == troupe::limits::max_remote_actors);
  kept.clear();
}

TEST_CASE("names of actors of no known process, and of none, leave nothing behind") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto before = resident_kilobytes(::getpid());
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    caf::node_id::default_data::host_id_type host{};
    host.fill(static_cast<unsigned char>(i));
    parent.bridge->receive(actor_signal::message,
      bytes_of(message_from(parent, parent.known, {i % 3, caf::make_node_id(i + 5000, host)})));
    parent.bridge->receive(actor_signal::message,
      bytes_of(message_from(parent, parent.known, {0, parent_end::child()})));
  }
  CHECK(parent.hub->known_actors(parent_end::child()) == 0);
  CHECK(eventually(
    [&] { return keeps_what_was_freed || resident_kilobytes(::getpid()) < before + 50'000; }));
}

TEST_CASE("an actor that is watched a thousand times tells its end once") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto watch = parent.encoded(parent.known.id(), parent.system.node());
  // A handle makes it known by its number.
  static_cast<void>(message_from(parent, parent.known, {}));
  for (int i = 0; i < 1000; ++i)
    parent.bridge->receive(actor_signal::watch, bytes_of(watch));
  parent.settle();
  CHECK(parent.sent == 0);
  caf::anon_send_exit(parent.known, caf::exit_reason::kill);
  CHECK(eventually([&] {
    parent.settle();
    return parent.sent > 0;
  }));
  parent.settle();
  CHECK(parent.sent == 1);
}

TEST_CASE("a request that is never answered does not keep its asker") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto remote =
    caf::actor_cast<caf::actor>(parent.hub->find(parent_end::child(), made_up(1)));
  answers got;
  auto asker = spawn_asker(parent, remote, got);
  const auto address = asker.address();
  CHECK(eventually([&] {
    parent.settle();
    return parent.sent >= 2; // the watch and the request
  }));
  caf::anon_send_exit(asker, caf::exit_reason::kill);
  asker = nullptr;
  CHECK(eventually([&] {
    parent.settle();
    return is_gone(address);
  }));
}

TEST_CASE("a request that comes back delegated is answered by who has it, though its child dies") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto remote =
    caf::actor_cast<caf::actor>(parent.hub->find(parent_end::child(), made_up(1)));
  answers got;
  const auto asker = spawn_asker(parent, remote, got);
  CHECK(eventually([&] {
    parent.settle();
    return parent.sent >= 2;
  }));
  std::atomic<bool> may_answer = false;
  const auto local = parent.system.spawn([&may_answer](caf::event_based_actor*) {
    return caf::behavior{[&may_answer](const std::string&) {
      may_answer.wait(false);
      return 5;
    }};
  });
  // The first request of an actor has the number 1.
  const auto delegated = message_from(parent, local, {asker.id(), parent.system.node()},
    caf::make_message_id(1)
      .with_category(caf::message_id::normal_message_category)
      .integer_value());
  parent.bridge->receive(actor_signal::message, bytes_of(delegated));
  parent.bridge->close(caf::exit_reason::kill);
  may_answer = true;
  may_answer.notify_all();
  CHECK(eventually([&] { return got.values + got.errors > 0; }));
  CHECK(got.values == 1);
  CHECK(got.errors == 0);
  caf::anon_send_exit(local, caf::exit_reason::kill);
  caf::anon_send_exit(asker, caf::exit_reason::kill);
}

namespace {

// Asks and does not read.
struct deaf_child final : troupe::parent::peer {
  std::vector<std::shared_ptr<const void>> unread;
  std::string ended;

  void reply(std::uint64_t, std::uint64_t, std::span<const std::byte>, std::shared_ptr<const void>,
    const troupe::detail::bytes*) override {}
  std::uint64_t make_for_result(std::size_t) override { return 0; }
  troupe::detail::bytes make_buffer(std::size_t) override { return {}; }
  void signal_actors(
    actor_signal, std::span<const std::byte>, std::shared_ptr<const void> keeper) override {
    unread.push_back(std::move(keeper));
  }
  std::uint32_t nesting_of(std::uint32_t) const override { return 0; }
  void end(const std::string& reason) override { ended = reason; }
};

} // namespace

TEST_CASE("a child whose actors ask without end and read nothing is ended") {
  parent_end parent;
  deaf_child child;
  troupe::parent::child_actors actors(parent.loop, *parent.hub, child, nullptr);
  actors.receive(actor_signal::hello, bytes_of(parent.hello()));
  const auto unknown = parent.encoded(std::uint64_t{123'456'789}, parent.system.node());
  for (std::size_t i = 0; i < 2 * troupe::limits::max_unread_actor_signals && child.ended.empty();
       ++i) {
    actors.receive(actor_signal::watch, bytes_of(unknown));
    if (i % 1024 == 0)
      parent.settle();
  }
  CHECK_THAT(child.ended, ContainsSubstring("131072 answers of "));
  CHECK(child.unread.size() == troupe::limits::max_unread_actor_signals);
  actors.end(caf::exit_reason::kill);
}
