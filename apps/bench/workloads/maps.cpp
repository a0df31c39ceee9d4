#include "baselines/baselines.hpp"
#include "benchmark.hpp"
#include "outstanding.hpp"
#include "workloads.hpp"

#include <troupe/coroutine.hpp>

#include <boost/asio/awaitable.hpp>

#include <csignal>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace bench {

namespace {

struct point {
  double x = 0;
  double y = 0;
  std::int64_t id = 0;
};

point mirrored(point p) {
  return {p.y, p.x, p.id};
}

std::string greeting(std::string name) {
  return "hello " + name;
}

boost::asio::awaitable<std::int64_t> square_later(std::int64_t x) {
  co_return square(x);
}

constexpr std::int64_t throws_each = 1000;
constexpr std::int64_t dies_each = 50'000;
constexpr std::int64_t first_to_die = 500;

std::int64_t square_or_throw(std::int64_t x) {
  if (x % throws_each == throws_each - 1)
    throw std::domain_error("no square");
  return x * x;
}

std::int64_t square_or_die(std::int64_t x) {
  if (x % dies_each == first_to_die)
    ::kill(::getpid(), SIGKILL);
  return x * x;
}

std::vector<reading> items_per_second(long count, double seconds) {
  return {{"rate", static_cast<double>(count) / seconds, "items/s"}};
}

// Maps `make(i)` for i below `count`, and looks at each result with `right(i, result)`.
template <class F, class Make, class Right>
std::vector<reading> mapped(troupe::runtime& rt, long count, F f, Make make, Right right) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  std::vector<decltype(make(0))> items;
  for (long i = 0; i < count; ++i)
    items.push_back(make(i));
  const auto begin = clock::now();
  const auto results = pool.map(f, items).get();
  const double seconds = seconds_since(begin);
  for (long i = 0; i < count; ++i)
    if (!right(i, results[static_cast<std::size_t>(i)]))
      throw std::runtime_error("item " + std::to_string(i) + " of a map is wrong");
  return items_per_second(count, seconds);
}

std::int64_t number(long i) {
  return i;
}

bool is_square(long i, std::int64_t result) {
  return result == i * i;
}

std::vector<reading> integers(troupe::runtime& rt, long count, std::size_t chunk) {
  troupe::pool pool{rt, {.processes = 1}};
  warm_up(pool);
  return {{"rate", map_rate(pool, count, {.chunksize = chunk}), "items/s"}};
}

// Each outcome is looked at: those that must fail have failed, and no other.
std::vector<reading> with_failures(
  troupe::runtime& rt, long count, std::int64_t (*f)(std::int64_t), bool (*fails)(long)) {
  troupe::pool pool{rt, {.processes = 1, .restart = {.intensity = 1000}}};
  warm_up(pool);
  std::vector<std::int64_t> items;
  for (long i = 0; i < count; ++i)
    items.push_back(i);
  const auto begin = clock::now();
  for (const auto& item : pool.map_unordered(f, items)) {
    const auto i = static_cast<long>(item.index());
    if (item.has_value() == fails(i) || (item.has_value() && item.value() != i * i))
      throw std::runtime_error("item " + std::to_string(i) + " of a map has a wrong outcome");
  }
  return items_per_second(count, seconds_since(begin));
}

} // namespace

void maps(benchmark& on) {
  auto& rt = on.rt;
  const long count = on.with.sized(1'000'000, 2000);
  const auto with_chunk = [&](const char* name, std::size_t chunk) {
    return contender{name, [&rt, count, chunk] { return integers(rt, count, chunk); }};
  };
  std::vector<contender> chunks{with_chunk("map, default options", 0)};
  if (!on.with.brief) {
    chunks.push_back(with_chunk("map, chunksize 1", 1));
    chunks.push_back(with_chunk("map, chunksize 64", 64));
    chunks.push_back(with_chunk("map, chunksize 1024", 1024));
    chunks.push_back(with_chunk("map, chunksize 16384", 16'384));
  }
  const auto items = std::to_string(count);
  on.measure({"map of integers, one child"}, chunks,
    {multiprocessing_pool({"map", items}), process_pool_executor({"map", items}),
      ring_items(count)});
  if (on.with.brief)
    return;
  on.measure({"map by type, one child, default options"},
    {{"integers", [&rt, count] { return mapped(rt, count, square, number, is_square); }},
      {"structs of three numbers",
        [&rt, count] {
          return mapped(
            rt, count, mirrored,
            [](long i) {
              return point{1, 2, i};
            },
            [](long i, const point& p) { return p.x == 2 && p.y == 1 && p.id == i; });
        }},
      {"strings",
        [&rt, count] {
          return mapped(
            rt, count, greeting, [](long i) { return std::to_string(i); },
            [](long i, const std::string& s) { return s == "hello " + std::to_string(i); });
        }},
      {"coroutines, which travel singly",
        [&rt, count] { return mapped(rt, count / 4, square_later, number, is_square); }}});
  on.measure({"map of integers that fail, one child"},
    {{"none fails",
       [&rt, count] { return with_failures(rt, count, square, [](long) { return false; }); }},
      {"1 in 1000 throws",
        [&rt, count] {
          return with_failures(
            rt, count, square_or_throw, [](long i) { return i % throws_each == throws_each - 1; });
        }},
      {"1 in 50,000 kills its child", [&rt, count] {
         return with_failures(
           rt, count, square_or_die, [](long i) { return i % dies_each == first_to_die; });
       }}});
}

} // namespace bench
