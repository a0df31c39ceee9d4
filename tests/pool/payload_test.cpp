// Large arguments and results, which travel in segments that both processes map.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/link_memory.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::string text_of(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + (i * 31 + seed) % 26);
  return text;
}

std::string echo(std::string text) {
  return text;
}

std::string reversed(std::string text) {
  std::reverse(text.begin(), text.end());
  return text;
}

boost::asio::awaitable<std::string> echo_later(std::string text) {
  co_await nap(1);
  co_return text;
}

std::vector<double> halves(std::vector<double> numbers) {
  for (auto& x : numbers)
    x /= 2;
  return numbers;
}

std::vector<std::string> words(std::vector<std::string> given) {
  return given;
}

std::size_t count_segments() {
  return mappings_of("memfd:troupe-segment").size();
}

// How many of its segments a task can write into that are not mapped so.
int segments_made_writable() {
  const auto read_only = mappings_of("memfd:troupe-segment", " r--s");
  if (read_only.empty())
    throw std::logic_error("there is no segment that could be made writable");
  return static_cast<int>(std::count_if(read_only.begin(), read_only.end(), [](auto segment) {
    return ::mprotect(segment.data(), segment.size(), PROT_READ | PROT_WRITE) == 0;
  }));
}

std::string echo_at_second_attempt(std::string text) {
  if (troupe::this_task::attempt() == 1)
    ::raise(SIGKILL);
  return text;
}

std::string throw_text(const std::string& text) {
  throw std::runtime_error(text);
}

} // namespace

TEST_CASE("payloads of every size come back as they were") {
  troupe::pool pool{rt(), {.processes = 2}};
  unsigned seed = 0;
  for (const auto size : std::vector<std::size_t>{0, 1, 64 * 1024 - 1, 256 * 1024 - 64,
         256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * mebibyte + 7, 20 * mebibyte}) {
    INFO(size << " bytes");
    const auto text = text_of(size, ++seed);
    for (int round = 0; round < 2; ++round) {
      CHECK(pool.apply(echo, text).get() == text);
      CHECK(pool.apply(troupe::blocking(echo), text).get() == text);
      CHECK(pool.apply(echo_later, text).get() == text);
    }
    CHECK(pool.apply(reversed, text).get() == reversed(text));
  }
  std::vector<double> numbers(700'000);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  CHECK(pool.apply(halves, numbers).get() == halves(numbers));
  std::vector<std::string> many;
  for (unsigned i = 0; i < 20'000; ++i)
    many.push_back(text_of(i % 100, i));
  CHECK(pool.apply(words, many).get() == many);
}

TEST_CASE("large payloads travel in segments, which are used again") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(count_segments).get() == 0);
  const auto text = text_of(2 * mebibyte, 1);
  for (int i = 0; i < 3; ++i)
    CHECK(pool.apply(echo, text).get() == text);
  const auto used = pool.apply(count_segments).get();
  CHECK(used >= 2); // one for the argument, one for the result
  for (int i = 0; i < 20; ++i)
    CHECK(pool.apply(echo, text).get() == text);
  CHECK(pool.apply(count_segments).get() == used);
}

TEST_CASE("a small payload makes no segment") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto text = text_of(40 * 1024, 1);
  CHECK(pool.apply(echo, text).get() == text);
  CHECK(pool.apply(count_segments).get() == 0);
}

TEST_CASE("a child cannot write into the arguments of tasks") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto text = text_of(2 * mebibyte, 1);
  CHECK(pool.apply(echo, text).get() == text);
  CHECK(pool.apply(count_segments).get() > 0);
  CHECK(pool.apply(segments_made_writable).get() == 0);
}

TEST_CASE("results that nobody has taken yet stay as they are, however many") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::vector<std::string> sent;
  std::vector<troupe::task_future<std::string>> futures;
  for (unsigned i = 0; i < 40; ++i) {
    sent.push_back(text_of(mebibyte + i, i));
    futures.push_back(pool.apply(echo, sent.back()));
  }
  for (auto& future : futures)
    future.wait();
  CHECK(pool.apply(echo, text_of(mebibyte, 99)).get() == text_of(mebibyte, 99));
  for (std::size_t i = 0; i < sent.size(); ++i)
    CHECK(futures[i].get() == sent[i]);
}

TEST_CASE("a result outlives its child and its pool, and can be taken twice") {
  const auto text = text_of(mebibyte, 5);
  troupe::task_future<std::string> kept;
  {
    troupe::pool pool{rt(), {.processes = 1}};
    kept = pool.apply(echo, text);
    kept.wait();
    CHECK_THROWS_AS(pool.apply([] { ::raise(SIGKILL); }).get(), troupe::child_lost);
    CHECK(kept.get() == text);
    CHECK(pool.apply(echo, text).get() == text);
  }
  CHECK(kept.get() == text);
}

TEST_CASE("a task that is tried again gets the same large argument") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto text = text_of(mebibyte, 7);
  troupe::task_options options;
  options.retries.max_attempts = 2;
  options.idempotent = true;
  CHECK(pool.apply(options, echo_at_second_attempt, text).get() == text);
}

TEST_CASE("the items of a map may be large") {
  troupe::pool pool{rt(), {.processes = 2}};
  std::vector<std::string> input;
  for (unsigned i = 0; i < 24; ++i)
    input.push_back(text_of(i % 3 == 0 ? 600 * 1024 + i : 10 + i, i));
  for (const std::size_t chunk : {0, 1, 5}) {
    const auto results = pool.map(troupe::map_options{.chunksize = chunk}, reversed, input).get();
    REQUIRE(results.size() == input.size());
    for (std::size_t i = 0; i < input.size(); ++i)
      CHECK(results[i] == reversed(input[i]));
  }
}

TEST_CASE("a process has large arguments and results as well") {
  const auto text = text_of(3 * mebibyte, 3);
  troupe::worker<std::string> worker(rt(), troupe::call(echo, text));
  worker.start();
  worker.join();
  CHECK(worker.result() == text);
}

TEST_CASE("an exception may have a large argument") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_THROWS_AS(pool.apply(throw_text, text_of(mebibyte, 2)).get(), std::runtime_error);
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("tasks that are cancelled, or whose child dies, give their segments back") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 3).get() == 9); // the child is there
  const auto before = open_descriptors(::getpid());
  const auto text = text_of(mebibyte, 4);
  for (int i = 0; i < 30; ++i) {
    auto doomed = pool.apply([](const std::string&) { ::raise(SIGKILL); }, text);
    auto cancelled = pool.apply(echo, text);
    cancelled.cancel();
    CHECK_THROWS_AS(doomed.get(), troupe::child_lost);
    cancelled.wait();
  }
  CHECK(pool.apply(echo, text).get() == text);
  // Some are kept for the next arguments.
  CHECK(open_descriptors(::getpid()) <= before + 8);
}

TEST_CASE("segments that have been idle for a while are given back on both sides") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto text = text_of(2 * mebibyte, 1);
  CHECK(pool.apply(echo, text).get() == text);
  CHECK(pool.apply(count_segments).get() > 0);
  CHECK(eventually([&] { return pool.apply(count_segments).get() == 0 && count_segments() == 0; }));
  CHECK(pool.apply(echo, text).get() == text);
}

#if !defined(__SANITIZE_ADDRESS__) // which needs descriptors itself
TEST_CASE("where there are no descriptors for segments, payloads go without") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(square, 3).get() == 9);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = ::dup(0);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto text = text_of(9 * mebibyte, 1); // of a size that no idle segment has
  const auto back = pool.apply(echo, text).get();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(back == text);
}
#endif
