// Memory that crosses without being copied.
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/shared_buffer.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using troupe::shared_buffer;

namespace {

shared_buffer numbers_to(int n) {
  shared_buffer made(static_cast<std::size_t>(n) * sizeof(int));
  std::iota(made.as<int>().begin(), made.as<int>().end(), 0);
  return made;
}

int sum(const shared_buffer& buffer) {
  const auto numbers = buffer.as<int>();
  return std::accumulate(numbers.begin(), numbers.end(), 0);
}

shared_buffer doubled(shared_buffer buffer) {
  for (auto& x : buffer.as<int>())
    x *= 2;
  return buffer;
}

boost::asio::awaitable<shared_buffer> numbers_later(int n) {
  co_await nap(1);
  co_return numbers_to(n);
}

struct picture {
  std::string name;
  std::vector<shared_buffer> layers;
  std::optional<shared_buffer> mask;
};

picture with_mask(picture given) {
  given.mask = numbers_to(static_cast<int>(given.layers.size()));
  return given;
}

int sum_of_all(const std::vector<shared_buffer>& buffers) {
  int total = 0;
  for (const auto& one : buffers)
    total += sum(one);
  return total;
}

shared_buffer kept;

void keep(shared_buffer buffer) {
  kept = std::move(buffer);
}

shared_buffer give_kept() {
  return kept;
}

void drop_kept() {
  kept = {};
}

int sum_of_kept() {
  return sum(kept);
}

std::size_t buffers_mapped() {
  std::size_t count = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    count += line.find("memfd:troupe-segment") != std::string::npos ? 1 : 0;
  return count;
}

shared_buffer echo_buffer(shared_buffer buffer) {
  return buffer;
}

int sum_through(const troupe::pool_handle& pool, const shared_buffer& buffer) {
  return pool.apply(sum, pool.apply(doubled, buffer).get()).get();
}

void produce(troupe::queue<shared_buffer> to, int count) {
  for (int i = 1; i <= count; ++i)
    to.push(numbers_to(i));
  to.close();
}

int consume(troupe::queue<shared_buffer> from) {
  int total = 0;
  while (auto next = from.pop())
    total += sum(*next);
  return total;
}

std::string error_of_making(std::size_t size) {
  try {
    const shared_buffer made(size);
    return "none";
  } catch (const std::system_error& e) {
    return e.what();
  }
}

} // namespace

TEST_CASE("a buffer that is made in the parent is read in a child, and what a task writes is seen "
          "by the parent") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto buffer = numbers_to(1000);
  CHECK(pool.apply(sum, buffer).get() == 499'500);
  const auto same = pool.apply(doubled, buffer).get();
  CHECK(same == buffer);
  CHECK(same.bytes().data() == buffer.bytes().data()); // nothing was copied
  CHECK(sum(buffer) == 999'000);
}

TEST_CASE("a buffer that is made in a child is a result, by every kind of task") {
  troupe::pool pool{rt(), {.processes = 2}};
  for (int round = 0; round < 3; ++round) {
    CHECK(sum(pool.apply(numbers_to, 1000).get()) == 499'500);
    CHECK(sum(pool.apply(numbers_later, 1000).get()) == 499'500);
    CHECK(sum(pool.apply(troupe::blocking(numbers_to), 1000).get()) == 499'500);
  }
  int n = 0;
  for (const auto& made : pool.map(numbers_to, std::vector{1, 2, 3, 4, 5})) {
    CHECK(sum(made) == n * (n + 1) / 2);
    ++n;
  }
}

TEST_CASE("a buffer that a child has made is passed on to another child") {
  troupe::pool pool{rt(), {.processes = 2}};
  troupe::pool other{rt(), {.processes = 1}};
  const auto made = pool.apply(numbers_to, 1000).get();
  CHECK(other.apply(sum, made).get() == 499'500);
  CHECK(sum(other.apply(doubled, made).get()) == 999'000);
  CHECK(pool.apply(sum, made).get() == 999'000);
}

TEST_CASE("buffers may be parts of other values") {
  troupe::pool pool{rt(), {.processes = 1}};
  picture given{"lake", {numbers_to(10), numbers_to(20)}, std::nullopt};
  given.layers.push_back(given.layers.front());
  const auto back = pool.apply(with_mask, given).get();
  CHECK(back.layers.size() == 3);
  CHECK(back.layers[0] == given.layers[0]);
  CHECK(back.layers[2] == back.layers[0]);
  REQUIRE(back.mask.has_value());
  CHECK(sum(*back.mask) == 3);
}

TEST_CASE(
  "a call may have more buffers than a socket takes messages, and not more than the limit") {
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<shared_buffer> many;
  int total = 0;
  for (int i = 0; i < 300; ++i) {
    many.push_back(numbers_to(i + 1));
    total += i * (i + 1) / 2;
  }
  std::vector<troupe::task_future<int>> futures;
  for (int i = 0; i < 3; ++i)
    futures.push_back(pool.apply(sum_of_all, many));
  for (auto& future : futures)
    CHECK(future.get() == total);
}

TEST_CASE(
  "a child may keep a buffer beyond its task, and give it back when the parent has it no more") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.apply(keep, numbers_to(1000)).get();
  CHECK(pool.apply(sum_of_kept).get() == 499'500);
  CHECK(sum(pool.apply(give_kept).get()) == 499'500);
  CHECK(sum(pool.apply(give_kept).get()) == 499'500);
  pool.apply(drop_kept).get();
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("nothing is left of buffers whose last handle is gone, in any process") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(sum(pool.apply(echo_buffer, numbers_to(10)).get()) == 45);
  CHECK(sum(pool.apply(numbers_to, 10).get()) == 45);
  const auto descriptors = open_descriptors(::getpid());
  for (int i = 0; i < 100; ++i) {
    CHECK(sum(pool.apply(echo_buffer, numbers_to(10)).get()) == 45);
    CHECK(sum(pool.apply(numbers_to, 10).get()) == 45);
  }
  CHECK(pool.apply(buffers_mapped).get() <= 1); // that of the last result
  CHECK(eventually([&] {
    static_cast<void>(pool.apply(square, 3).get());
    return open_descriptors(::getpid()) <= descriptors && buffers_mapped() == 0;
  }));
}

TEST_CASE("the death of a child does no harm to the buffers that it has") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto own = numbers_to(1000);
  const auto made = pool.apply(numbers_to, 1000).get();
  pool.apply(keep, own).get();
  CHECK_THROWS_AS(
    pool.apply([](shared_buffer) { ::raise(SIGKILL); }, own).get(), troupe::child_lost);
  CHECK(sum(own) == 499'500);
  CHECK(sum(made) == 499'500);
  CHECK(pool.apply(sum, made).get() == 499'500);
  CHECK(pool.apply(sum, own).get() == 499'500);
}

TEST_CASE("children that are forked share buffers as well") {
  for (const auto method : {troupe::start_method::forkserver, troupe::start_method::spawn}) {
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    CHECK(sum(pool.apply(doubled, numbers_to(100)).get()) == 9900);
    CHECK(sum(pool.apply(numbers_to, 100).get()) == 4950);
  }
}

TEST_CASE("buffers go through nested tasks and queues") {
  troupe::pool pool{rt(), {.processes = 2}};
  CHECK(pool.apply(sum_through, pool.handle(), numbers_to(100)).get() == 9900);
  troupe::queue<shared_buffer> queue{rt(), 4};
  auto produced = pool.apply(produce, queue, 10);
  CHECK(pool.apply(consume, queue).get() == 165);
  produced.get();
  troupe::queue<shared_buffer> own{rt(), 4};
  own.push(numbers_to(10));
  CHECK(sum(own.pop().value()) == 45);
}

TEST_CASE("a process has buffers for arguments and results") {
  troupe::worker<shared_buffer> worker(rt(), troupe::call(doubled, numbers_to(100)));
  worker.start();
  worker.join();
  CHECK(sum(worker.result()) == 9900);
}

TEST_CASE("copies of a buffer name the same memory") {
  auto buffer = numbers_to(3);
  auto copy = buffer;
  copy.as<int>()[0] = 100;
  CHECK(buffer.as<int>()[0] == 100);
  CHECK(copy == buffer);
  CHECK_FALSE(copy == numbers_to(3));
  CHECK(buffer.size() == 12);
  CHECK(buffer.bytes().size() == 12);
  CHECK(buffer.as<double>().size() == 1);
  const shared_buffer fresh(100'000);
  CHECK(std::all_of(fresh.bytes().begin(), fresh.bytes().end(),
    [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("a buffer that cannot be made says why, in the parent and in a child") {
  CHECK_THROWS_AS(shared_buffer(0), std::invalid_argument);
  CHECK_FALSE(shared_buffer().valid());
  CHECK(shared_buffer().bytes().empty());
  constexpr std::size_t too_much = std::size_t{1} << 45;
  CHECK_THAT(error_of_making(too_much), ContainsSubstring("memory for a troupe::shared_buffer"));
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THAT(pool.apply(error_of_making, too_much).get(),
    ContainsSubstring("memory for a troupe::shared_buffer"));
  CHECK_THROWS_AS(pool.apply(sum, shared_buffer()), troupe::encode_error);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a child that makes too many buffers is told so, and can go on") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto made = pool
                      .apply([] {
                        std::vector<shared_buffer> all;
                        try {
                          for (;;)
                            all.push_back(numbers_to(1));
                        } catch (const troupe::error&) {
                        }
                        return all.size();
                      })
                      .get();
  CHECK(made == 256);
  CHECK(sum(pool.apply(numbers_to, 10).get()) == 45);
}
