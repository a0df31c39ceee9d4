// What a child was not given it cannot name.
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <set>

using namespace troupe::test;

namespace {

template <class Handle>
std::uint64_t number_of(const Handle& handle) {
  troupe::detail::bytes encoded;
  troupe::encoder{encoded}(handle);
  std::uint64_t number = 0;
  std::memcpy(&number, encoded.data(), sizeof number);
  return number;
}

template <class Handle>
Handle handle_of(std::uint64_t number) {
  return troupe::decoder(std::as_bytes(std::span(&number, 1))).make<Handle>();
}

int pop_of(std::uint64_t number) {
  return handle_of<troupe::queue<int>>(number).pop().value_or(-1);
}

int submit_to(std::uint64_t number) {
  return handle_of<troupe::pool_handle>(number).apply(pop_of, 0).get();
}

int submit_own(troupe::pool_handle pool) {
  return pool.apply([](int x) { return x; }, 7).get();
}

template <class Future>
void is_ended_for_a_violation(Future&& future) {
  try {
    future.get();
    FAIL("the task had a value");
  } catch (const troupe::child_lost& lost) {
    CHECK_THAT(lost.what(), ContainsSubstring("protocol violation"));
  }
}

} // namespace

TEST_CASE("numbers of queues do not follow each other, and none comes twice") {
  std::set<std::uint64_t> numbers;
  int equal_bits = 0;
  std::uint64_t last = 0;
  for (int i = 0; i < 200; ++i) {
    const troupe::queue<int> one(rt(), 1);
    const auto number = number_of(one);
    numbers.insert(number);
    equal_bits += i == 0 ? 0 : std::popcount(~(number ^ last));
    last = number;
  }
  CHECK(numbers.size() == 200);
  // Half of the bits of two random numbers are equal: 199 pairs of 64 bits deviate by 56 or less.
  CHECK(std::abs(equal_bits - 199 * 32) < 10 * 56);
}

TEST_CASE("a child that guesses the number of a queue or of a pool is ended, and takes nothing") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::queue<int> secret(rt(), 10);
  secret.push(5);
  const auto number = number_of(secret);
  for (const auto guess :
    {number + 1, number - 1, number ^ 1, std::uint64_t{1}, std::uint64_t{2}}) {
    is_ended_for_a_violation(pool.apply(pop_of, guess));
    is_ended_for_a_violation(pool.apply(submit_to, guess));
  }
  CHECK(secret.try_pop() == 5);
  CHECK(pool.apply(submit_own, pool.handle()).get() == 7);
}

TEST_CASE("a queue that is gone is closed to a child that still knows it") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::uint64_t number = 0;
  {
    const troupe::queue<int> short_lived(rt(), 10);
    number = number_of(short_lived);
  }
  CHECK(pool.apply(pop_of, number).get() == -1);
}
