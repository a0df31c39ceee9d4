#pragma once

#include "support/catch.hpp"
#include "support/functions.hpp"

#include <troupe/errors.hpp>
#include <troupe/pool.hpp>
#include <troupe/proxy_exception.hpp>

#include <cstdint>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

// What must hold of maps whose items travel as batches, whatever kind of function it is.
namespace troupe::test {

inline std::vector<int> numbers(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

inline int odd_or_throw(int x) {
  if (x % 1000 == 7)
    throw std::out_of_range("item " + std::to_string(x));
  return 2 * x + 1;
}

/// Of a function that does as `odd_or_throw`. The number of items that have thrown.
template <class Function>
int check_each_item_throws_for_itself(pool& of, Function function) {
  constexpr int count = 20'000;
  auto results = of.map(function, numbers(count));
  int values = 0;
  int errors = 0;
  for (int x = 0; x < count; ++x)
    try {
      const int value = *results.next_blocking();
      values += value == 2 * x + 1;
    } catch (const std::out_of_range& e) {
      errors += x % 1000 == 7 && e.what() == "item " + std::to_string(x);
      const auto* proxy = dynamic_cast<const proxy_exception*>(&e);
      CHECK((proxy != nullptr && !proxy->traceback().empty()));
    }
  CHECK(errors == count / 1000);
  CHECK(values == count - errors);
  CHECK_FALSE(results.next_blocking());
  CHECK(of.stats().failed == static_cast<std::uint64_t>(errors));
  return errors;
}

/// Of a function that gives odd numbers, and with `endless_item` does not end before it is cancelled.
inline constexpr int endless_item = 9000;
template <class Function>
void check_endless_item_is_cancelled(pool& of, Function function) {
  constexpr std::size_t count = 15'000;
  auto results = of.map_unordered(function, numbers(count));
  std::set<std::size_t> seen;
  while (seen.size() < count - 1) {
    auto item = results.next_blocking();
    REQUIRE(item);
    CHECK(
      (item->value() == 2 * static_cast<int>(item->index()) + 1 && item->index() != endless_item));
    CHECK(seen.insert(item->index()).second);
  }
  results.cancel();
  auto last = results.next_blocking();
  REQUIRE(last);
  CHECK(last->index() == endless_item);
  CHECK_THROWS_AS(last->value(), task_cancelled);
  CHECK_FALSE(results.next_blocking());
  CHECK(of.apply(function, 1).get() == 3); // by the same child: it has stopped
  CHECK(of.stats().deaths == 0);
}

/// Of a function that has each hundredth number squared by its own pool, from 7 on, and gives the others back.
template <class Function>
void check_items_ask_their_pool(pool& of, Function function) {
  constexpr int count = 10'000;
  std::vector<std::tuple<pool_handle, int>> input;
  for (int x = 0; x < count; ++x)
    input.emplace_back(of.handle(), x);
  const auto values = of.starmap(function, input).get();
  REQUIRE(values.size() == count);
  for (int x = 0; x < count; ++x)
    CHECK(values[static_cast<std::size_t>(x)] == (x % 100 == 7 ? x * x : x));
}

inline std::string long_text(int x) {
  return std::string(static_cast<std::size_t>(x) * 1000, static_cast<char>('a' + x % 26));
}

/// Of a function that gives a `long_text`, in a pool that has learnt that items are short.
template <class Function>
void check_results_of_any_size(pool& of, Function function) {
  int next = 0;
  for (const auto& text : of.map(function, std::views::iota(0, 400))) {
    CHECK(text == long_text(next));
    ++next;
  }
  CHECK(next == 400);
}

} // namespace troupe::test
