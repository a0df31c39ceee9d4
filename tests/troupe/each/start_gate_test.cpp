#include "each/start_gate.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using troupe_cli::start_gate;

namespace {
const start_gate::time_point begin{};
}

TEST_CASE("starts are a time apart") {
  start_gate gate({.delay = 100ms}, {});
  CHECK(gate.open(begin));
  gate.started(begin);
  CHECK_FALSE(gate.open(begin + 99ms));
  CHECK(gate.next(begin + 99ms) == begin + 100ms);
  CHECK(gate.open(begin + 100ms));
  CHECK(gate.note().empty());
}

TEST_CASE("nothing is started under load, which is looked at once a second") {
  double load = 4;
  int looks = 0;
  start_gate gate({.load = 3}, {[&] {
                                  ++looks;
                                  return load;
                                },
                                 {}});
  CHECK_FALSE(gate.open(begin));
  CHECK(gate.note() == "waiting for less load");
  load = 2.9;
  CHECK_FALSE(gate.open(begin + 999ms));
  CHECK(looks == 1);
  CHECK(gate.next(begin + 999ms) == begin + 1s);
  CHECK(gate.open(begin + 1s));
}

TEST_CASE("without memory nothing is started, and with half of it one is ended") {
  std::optional<std::size_t> free = 99;
  start_gate gate({.memfree = 100}, {{}, [&] { return free; }});
  CHECK_FALSE(gate.open(begin));
  CHECK(gate.note() == "waiting for memory");
  CHECK_FALSE(gate.must_end_one(begin));
  free = 49;
  CHECK(gate.must_end_one(begin + 1s));
  CHECK_FALSE(gate.must_end_one(begin + 1s)); // the next look must show what that has brought
  CHECK(gate.must_end_one(begin + 2s));
  free = {}; // it is not known
  CHECK(gate.open(begin + 3s));
  CHECK_FALSE(gate.must_end_one(begin + 3s));
}

TEST_CASE("this machine says what its load and its memory are") {
  const auto machine = start_gate::this_machine();
  CHECK(machine.load().value() >= 0);
  CHECK(machine.free_memory().value() > 1 << 20);
}
