// What a child may write in place of signals of its actors: the parent refuses it, and that is all.
#include "actors/parent_end.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include <caf/all.hpp>

#include <random>
#include <unistd.h>

using namespace troupe::test;
using troupe::link::actor_signal;
using troupe::link::protocol_violation;

namespace {

constexpr std::uint64_t asynchronous = caf::message_id::default_async_value;

} // namespace

TEST_CASE("an actor's signals are taken only after one hello, of a process that is not known") {
  parent_end parent;
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::hello, bytes_of(parent.encoded(parent.system.node()))),
    protocol_violation);
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::hello, bytes_of(parent.encoded(caf::node_id()))),
    protocol_violation);
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello())), protocol_violation);
  CHECK_THROWS_AS(parent.bridge->receive(static_cast<actor_signal>(9), {}), protocol_violation);
}

TEST_CASE("every truncation of an actor's message is a violation, and so is what follows it") {
  parent_end parent;
  const auto whole = parent.message(asynchronous, caf::make_message(std::string("text"), 7));
  parent.bridge->receive(actor_signal::message, bytes_of(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    INFO("length " << length << " of " << whole.size());
    CHECK_THROWS_AS(parent.bridge->receive(actor_signal::message, bytes_of(whole).first(length)),
      protocol_violation);
  }
  auto longer = whole;
  longer.push_back({});
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::message, bytes_of(longer)), protocol_violation);
}

TEST_CASE(
  "random changes of an actor's signals are refused or taken, and the parent stays intact") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  const std::vector<buffer> seeds{
    parent.message(asynchronous,
      caf::make_message(std::string("text"), 7, std::vector<std::string>{"a", "b"}, 2.5L)),
    parent.message(asynchronous, caf::make_message(parent.known, caf::make_message(1, "two"))),
    parent.message(asynchronous, caf::make_message(std::u16string(u"wide"), std::vector<char>(9))),
    parent.message(asynchronous, caf::make_message(caf::error(caf::sec::runtime_error))),
    parent.encoded(std::uint64_t{1}, parent.system.node()),
    parent.encoded(parent.system.node(), std::uint64_t{1}, caf::error(caf::exit_reason::kill)),
  };
  const auto before = troupe::test::resident_kilobytes(::getpid());
  std::mt19937 random(42);
  for (int round = 0; round < 30'000; ++round) {
    INFO("round " << round);
    auto changed = seeds[random() % seeds.size()];
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      changed[random() % changed.size()] = static_cast<std::byte>(random());
    try {
      parent.bridge->receive(static_cast<actor_signal>(2 + random() % 3), bytes_of(changed));
    } catch (const protocol_violation&) {
    }
  }
  CHECK(troupe::test::resident_kilobytes(::getpid()) < before + 200'000);
}

TEST_CASE("a count that cannot be true allocates nothing") {
  parent_end parent;
  // In CAF's variable-length encoding: 2^40 elements, and 2^32 - 1.
  const std::string encoded = GENERATE("\x80\x80\x80\x80\x80\x20", "\xff\xff\xff\xff\x0f");
  const auto bytes = std::as_bytes(std::span(encoded));
  std::vector<char> chars;
  std::string text;
  std::vector<std::int64_t> numbers;
  CHECK(parent.hub->codec().decode(bytes, chars));
  CHECK(parent.hub->codec().decode(bytes, text));
  CHECK(parent.hub->codec().decode(bytes, numbers));
}

TEST_CASE("messages nested without end are refused") {
  parent_end parent;
  auto nested = caf::make_message(1);
  for (int depth = 0; depth < 2000; ++depth) {
    // As an element: make_message would take the message itself.
    caf::message_builder outer;
    outer.append(nested);
    nested = outer.to_message();
  }
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::message, bytes_of(parent.message(asynchronous, nested))),
    protocol_violation);
}

TEST_CASE("parts of a CAF stream are refused") {
  parent_end parent;
  const auto [id, content] = part_of_stream();
  CHECK_THROWS_AS(
    parent.bridge->receive(actor_signal::message, bytes_of(parent.message(id, content))),
    protocol_violation);
}

TEST_CASE("a child cannot tell the end of other processes' actors") {
  parent_end parent;
  parent.bridge->receive(actor_signal::hello, bytes_of(parent.hello()));
  CHECK_THROWS_AS(parent.bridge->receive(
                    actor_signal::down, bytes_of(parent.encoded(parent.system.node(),
                                          parent.known.id(), caf::error(caf::exit_reason::kill)))),
    protocol_violation);
}
