// A call that pauses in its middle.
#include "caf/staged_call.hpp"
#include "support/catch.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

using troupe::compat::staged_call;

namespace {

// A call that says how far it has come, and throws at its end if it is told to.
struct example {
  explicit example(bool throws)
    : call([this, throws] {
      const std::string local(100, 'x');
      seen += call.runs_here() ? "a" : "?";
      call.pause();
      seen += local.size() == 100 ? "b" : "?";
      call.pause();
      seen += "c";
      if (throws)
        throw std::domain_error("at the end");
    }) {}

  std::string seen;
  staged_call call;
};

} // namespace

TEST_CASE("a staged call goes on where it has paused, with what was on its stack") {
  example one(false);
  example two(false);
  CHECK(one.seen.empty());
  one.call.go_on();
  two.call.go_on();
  CHECK(one.seen == "a");
  CHECK_FALSE(one.call.runs_here());
  one.call.go_on();
  one.call.go_on();
  CHECK(one.seen == "abc");
  CHECK(two.seen == "a");
}

TEST_CASE("what ends a staged call is thrown to whoever has gone on with it") {
  example one(true);
  one.call.go_on();
  try {
    throw std::range_error("being handled");
  } catch (const std::range_error&) {
    one.call.go_on();
    CHECK_THROWS_AS(one.call.go_on(), std::domain_error);
  }
}

TEST_CASE("a staged call may be gone on with by another thread") {
  example one(false);
  one.call.go_on();
  std::thread([&] { one.call.go_on(); }).join();
  one.call.go_on();
  CHECK(one.seen == "abc");
}

TEST_CASE("a staged call may begin another") {
  std::optional<staged_call> inner;
  std::string seen;
  staged_call outer([&] {
    inner.emplace([&] {
      seen += outer.runs_here() ? "?" : "i";
      inner->pause();
    });
    inner->go_on();
    seen += outer.runs_here() ? "o" : "?";
  });
  outer.go_on();
  CHECK(seen == "io");
}
