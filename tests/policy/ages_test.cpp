// When children are old enough to be replaced.
#include "policy/child_ages.hpp"
#include "support/catch.hpp"

#include <random>
#include <vector>

using namespace std::chrono_literals;
using troupe::policy::child_ages;

namespace {

const child_ages::time_point start{};

} // namespace

TEST_CASE("a child leaves at its age or up to a tenth before, and not all at once") {
  child_ages ages(1000ms);
  std::minstd_rand random(1);
  for (std::uint32_t seat = 0; seat < 100; ++seat)
    ages.begin(seat, start, random);
  CHECK_FALSE(ages.take_due(start + 899ms));
  std::vector<child_ages::time_point> left;
  while (const auto due = ages.next()) {
    REQUIRE(ages.take_due(*due));
    left.push_back(*due);
  }
  REQUIRE(left.size() == 100);
  CHECK(left.front() >= start + 900ms);
  CHECK(left.back() <= start + 1000ms);
  CHECK(left.back() - left.front() > 50ms);
}

TEST_CASE("a child that has left has no age, and a successor in its seat one of its own") {
  child_ages ages(100ms);
  std::minstd_rand random(1);
  ages.begin(3, start, random);
  ages.end(3);
  ages.end(7);
  CHECK_FALSE(ages.next());
  ages.begin(3, start + 50ms, random);
  ages.begin(3, start + 200ms, random);
  CHECK_FALSE(ages.take_due(start + 289ms));
  CHECK(ages.take_due(start + 300ms) == 3u);
  CHECK_FALSE(ages.next());
}

TEST_CASE("without an age children stay") {
  child_ages ages(0ms);
  std::minstd_rand random(1);
  ages.begin(0, start, random);
  CHECK_FALSE(ages.next());
}
