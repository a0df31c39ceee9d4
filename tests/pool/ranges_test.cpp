// Inputs of maps: ranges of each kind. Where clang++-14 is installed it compiles this file as well.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <ranges>
#include <span>
#include <sstream>
#include <string>
#include <vector>

using namespace troupe::test;

namespace {

// Before 16, clang cannot compile g++'s views, not even `for (int i : std::views::iota(0, 3))`.
#if !defined(__clang__) || __clang_major__ >= 16
#define HAS_VIEWS
#endif

const std::vector<int> squares{1, 4, 9, 16, 25};

// Neither a view nor copyable, and its constness forbids to read it.
class numbers_once {
public:
  numbers_once()
    : numbers_(new int[]{1, 2, 3, 4, 5}) {}
  const int* begin() { return numbers_.get(); }
  const int* end() { return numbers_.get() + 5; }

private:
  std::unique_ptr<int[]> numbers_;
};

} // namespace

TEST_CASE("a map takes containers, with and without a name") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<int> numbers{1, 2, 3, 4, 5};
  const auto& constant = numbers;
  std::array<int, 5> fixed{1, 2, 3, 4, 5};
  int plain[]{1, 2, 3, 4, 5};
  CHECK(pool.map(square, numbers).get() == squares);
  CHECK(pool.map(square, constant).get() == squares);
  CHECK(pool.map(square, std::vector{1, 2, 3, 4, 5}).get() == squares);
  CHECK(pool.map(square, std::deque{1, 2, 3, 4, 5}).get() == squares);
  CHECK(pool.map(square, std::list{1, 2, 3, 4, 5}).get() == squares);
  CHECK(pool.map(square, fixed).get() == squares);
  CHECK(pool.map(square, plain).get() == squares);
  CHECK(pool.map(square, std::vector{true, false}).get() == std::vector{1, 0});
}

#ifdef HAS_VIEWS
TEST_CASE("a map takes views, with and without a name") {
  troupe::pool pool{rt(), {.processes = 1}};
  const std::vector<int> numbers{1, 2, 3, 4, 5};
  const auto iota = std::views::iota(1, 6);
  CHECK(pool.map(square, iota).get() == squares);
  CHECK(pool.map(square, std::views::iota(1, 6)).get() == squares);
  CHECK(pool.map(square, std::span(numbers)).get() == squares);
  std::istringstream text("1 2 3 4 5");
  CHECK(pool.map(square, std::ranges::istream_view<int>(text)).get() == squares);
}
#endif

TEST_CASE("a map takes a range that cannot be copied, nor read while it is constant") {
  troupe::pool pool{rt(), {.processes = 1}};
  numbers_once named;
  CHECK(pool.map(square, named).get() == squares);
  CHECK(pool.map(square, numbers_once()).get() == squares);
}

TEST_CASE(
  "a container without a name is kept by the map, and one with a name is read as it is then") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto kept = pool.map(troupe::map_options{.buffersize = 1}, square, std::vector(5, 3));
  std::vector<int> numbers{1, 0, 0};
  auto referred = pool.map(troupe::map_options{.chunksize = 1, .buffersize = 1}, square, numbers);
  numbers = {1, 2, 3};
  CHECK(kept.get() == std::vector(5, 9));
  CHECK(referred.get().back() == 9);
}

TEST_CASE("starmap and map_unordered take the same ranges") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<std::tuple<int>> numbers{{1}, {2}};
  CHECK(pool.starmap(square, numbers).get() == std::vector{1, 4});
  CHECK(pool.starmap(square, std::vector<std::tuple<int>>{{1}, {2}}).get() == std::vector{1, 4});
  int sum = 0;
  for (auto& item : pool.map_unordered(square, squares))
    sum += item.value();
  for (auto& item : pool.map_unordered(square, std::vector{1, 2}))
    sum += item.value();
  CHECK(sum == 1 + 16 + 81 + 256 + 625 + 1 + 4);
}
