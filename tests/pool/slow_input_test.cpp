// Inputs of maps that come slowly, or end with an error.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// The numbers 0, 1, ..., of which each takes a while. At `failing` it throws. If it is told of the tasks that have
// ended, each is made only when those of all before it have.
class slow_numbers {
public:
  slow_numbers(std::chrono::milliseconds each, int size, int failing = -1)
    : each_(each)
    , size_(size)
    , failing_(failing) {}

  void wait_for_tasks() { waits_ = true; }
  void task_ended() { ++ended_; }

  class iterator {
  public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;

    explicit iterator(slow_numbers& of)
      : of_(&of) {
      of_->make(0);
    }
    int operator*() const { return at_; }
    iterator& operator++() {
      of_->make(++at_);
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) {
      return it.at_ == it.of_->how_many();
    }

  private:
    slow_numbers* of_;
    int at_ = 0;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

  int how_many() const { return size_; } // not `size`: a map is not to know it
  int made() const { return made_; }

private:
  void make(int number) {
    if (number == size_)
      return;
    CHECK(eventually([&] { return !waits_ || ended_ >= number; }));
    std::this_thread::sleep_for(each_);
    if (number == failing_)
      throw std::runtime_error("the input is torn");
    ++made_;
  }

  std::chrono::milliseconds each_;
  int size_;
  int failing_;
  bool waits_ = false;
  std::atomic<int> ended_ = 0;
  int made_ = 0;
};

// What is still to be done: at its end as long as it is empty.
class to_do {
public:
  void add(int number) { numbers_.push_back(number); }
  bool is_empty() const { return numbers_.empty(); }

  class iterator {
  public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;

    explicit iterator(to_do& of)
      : of_(&of) {}
    int operator*() const { return of_->numbers_.front(); }
    iterator& operator++() {
      of_->numbers_.pop_front();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) {
      return it.of_->is_empty();
    }

  private:
    to_do* of_;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

private:
  std::deque<int> numbers_;
};

int same(int number) {
  return number;
}

// Takes a while to be encoded.
struct heavy {
  int value = 0;
};

int value_of(const heavy& x) {
  return x.value;
}

} // namespace

template <>
struct troupe::codec<heavy> {
  static void encode(troupe::encoder& out, const heavy& x) {
    std::this_thread::sleep_for(2ms);
    out(x.value);
  }
  static heavy decode(troupe::decoder& in) { return {in.make<int>()}; }
};

TEST_CASE("an input that fits is read before map returns, however long that takes") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.ready()(boost::asio::use_future).get();
  std::vector<heavy> input(30);
  for (std::size_t i = 0; i < input.size(); ++i)
    input[i].value = static_cast<int>(i);
  auto results = pool.map(value_of, input);
  auto unordered = pool.map_unordered(value_of, input);
  for (auto& item : input)
    item.value = -1;
  int next = 0;
  for (const int value : results)
    CHECK(value == next++);
  CHECK(next == 30);
  for (auto& item : unordered)
    CHECK(item.value() == static_cast<int>(item.index()));
}

TEST_CASE("results that are ready are handed out before more of a slow input is read") {
  troupe::pool pool{rt(), {.processes = 2}};
  slow_numbers input(2ms, 50);
  input.wait_for_tasks();
  const troupe::map_options options{
    .on_progress = [&](const troupe::map_progress&) { input.task_ended(); }};
  int taken = 0;
  SECTION("in order") {
    for (const int value : pool.map(options, square, std::views::all(input))) {
      CHECK(value == taken * taken);
      CHECK(input.made() <= ++taken + 1);
    }
  }
  SECTION("as they are completed") {
    for (auto& item : pool.map_unordered(options, square, std::views::all(input))) {
      CHECK(item.value() == static_cast<int>(item.index() * item.index()));
      CHECK(input.made() <= ++taken + 1);
    }
  }
  CHECK(taken == 50);
}

TEST_CASE("what an input throws comes after the results of the items before it") {
  troupe::pool pool{rt(), {.processes = 1}};
  for (const auto each : {0ms, 5ms}) {
    slow_numbers input(each, 20, 7);
    auto results = pool.map(square, std::views::all(input));
    std::vector<int> values;
    CHECK_THROWS_WITH(
      [&] {
        for (const int value : results)
          values.push_back(value);
      }(),
      "the input is torn");
    CHECK(values == std::vector<int>{0, 1, 4, 9, 16, 25, 36});
    CHECK_FALSE(results.next_blocking());

    slow_numbers again(each, 20, 7);
    auto unordered = pool.map_unordered(square, std::views::all(again));
    std::map<std::size_t, int> items;
    CHECK_THROWS_WITH(
      [&] {
        for (auto& item : unordered)
          items[item.index()] = item.value();
      }(),
      "the input is torn");
    CHECK(items.size() == 7);
  }
}

TEST_CASE("an input that is made of the results is read to its end, whatever the buffersize") {
  troupe::pool pool{rt(), {.processes = 2}};
  const std::size_t buffersize = GENERATE(1u, 2u, 3u, 4096u);
  std::multiset<int> seen;
  to_do numbers;
  numbers.add(1);
  // The nodes of a binary tree, of which only the root is known.
  const auto visit = [&](int node) {
    seen.insert(node);
    for (const int below : {2 * node, 2 * node + 1})
      if (below < 64)
        numbers.add(below);
  };
  SECTION("in order") {
    for (const int node : pool.map({.buffersize = buffersize}, same, numbers))
      visit(node);
  }
  SECTION("unordered") {
    for (const auto& item : pool.map_unordered({.buffersize = buffersize}, same, numbers))
      visit(item.value());
  }
  CHECK(seen.size() == 63);
  CHECK(std::set<int>(seen.begin(), seen.end()).size() == 63);
}
