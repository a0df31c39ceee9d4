// One child of a pool is killed at a certain point of its life: before each of its system calls, and after each instruction
// while it publishes a result and claims the next task. The short form is a sample, of which TROUPE_TEST_SEED=N repeats
// one; TROUPE_POINTS=all is the long form.
#include "points/killer_program.hpp"
#include "points/marker.hpp"
#include "support/baseline.hpp"
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using troupe::start_method;

namespace {

constexpr std::size_t large = 150'000;             // travels in a segment
constexpr std::uint64_t most_points = 40;          // of the short form,
constexpr auto short_form = 2s;                    // and its time for each of these plans
constexpr std::uint64_t calls = 500;               // that are points
constexpr std::uint64_t never = std::uint64_t(-1); // it lives, and is counted

bool is_long_form() {
  const char* const said = std::getenv("TROUPE_POINTS");
  return said != nullptr && std::string(said) == "all";
}

// -- what the tasks do, and note of it ------------------------------------------------------------------

struct note {
  std::int32_t task;
  std::int32_t pid;
};

// It stands in the file whatever becomes of the process.
void take_note(const std::string& path, int task) {
  const note taken{task, ::getpid()};
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (::write(fd, &taken, sizeof taken) != sizeof taken)
    throw std::runtime_error("no note of task " + std::to_string(task));
  ::close(fd);
}

// The pids of the processes that have begun each task.
std::map<int, std::vector<pid_t>> notes_in(const std::string& path) {
  std::map<int, std::vector<pid_t>> found;
  std::ifstream file(path, std::ios::binary);
  for (note taken{}; file.read(reinterpret_cast<char*>(&taken), sizeof taken);)
    found[taken.task].push_back(taken.pid);
  return found;
}

std::string large_text(int task) {
  return std::string(large, static_cast<char>('a' + task % 26)) + std::to_string(task);
}

std::string small_result(const std::string& path, int task) {
  raise_marker(marker::end);
  take_note(path, task);
  raise_marker(marker::begin);
  return std::to_string(task);
}

std::string large_result(const std::string& path, int task) {
  raise_marker(marker::end);
  take_note(path, task);
  auto text = large_text(task);
  raise_marker(marker::begin);
  return text;
}

std::string large_argument(const std::string& path, int task, const std::string& argument) {
  take_note(path, task);
  return std::to_string(task) + argument.substr(argument.size() - 3);
}

boost::asio::awaitable<std::string> waits(const std::string path, int task) {
  raise_marker(marker::end);
  take_note(path, task);
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1ms);
  co_await timer.async_wait(boost::asio::use_awaitable);
  raise_marker(marker::begin);
  co_return std::to_string(task);
}

constexpr int items = 100;

// Of a map, whose items travel as batches.
int item_of(const std::pair<std::string, int>& item) {
  raise_marker(marker::end);
  take_note(item.first, item.second);
  raise_marker(marker::begin);
  return item.second * 3;
}

// -- a pool, and what must hold of it -------------------------------------------------------------------

struct submitted {
  troupe::task_future<std::string> outcome;
  std::string value;
  bool idempotent = false;
};

class short_life {
public:
  explicit short_life(start_method how, std::size_t processes = 2)
    : pool_(rt(), {.processes = processes,
                    .start_method = how,
                    .restart = {.backoff = 1ms, .start_attempts = 100}}) {
    std::ofstream(notes_.path()); // empty
  }

  /// Some of each kind of task.
  void submit() {
    for (const bool idempotent : {false, true}) {
      add(idempotent, small_result);
      add(idempotent, large_result);
      add(idempotent, waits);
      add(idempotent, large_argument, std::string(large, 'x'));
    }
  }
  template <class F, class... Ts>
  void add(bool idempotent, F function, const Ts&... more) {
    const int task = static_cast<int>(tasks_.size());
    auto value = std::to_string(task);
    if constexpr (sizeof...(Ts) > 0)
      value += "xxx";
    else if constexpr (std::is_same_v<F, decltype(&large_result)>)
      if (function == large_result)
        value = large_text(task);
    tasks_.push_back(
      {pool_.apply({.idempotent = idempotent}, function, notes_.path(), task, more...), value,
        idempotent});
  }

  troupe::pool& pool() { return pool_; }
  void wait_ready() { pool_.ready()(boost::asio::use_future).get(); }

  /// Whether all tasks do.
  bool ends() {
    return std::all_of(
      tasks_.begin(), tasks_.end(), [](auto& task) { return task.outcome.wait_for(60s); });
  }

  /// Each task that has ended has done so with its value, or lost by a child that had begun it. What is wrong, a line each.
  std::vector<std::string> wrongs(pid_t victim) {
    pool_.close();
    pool_.join();
    std::vector<std::string> out;
    const auto begun = notes_in(notes_.path());
    std::vector<std::string> without_note; // which their child had just begun when it died
    for (int i = 0; i < static_cast<int>(tasks_.size()); ++i) {
      auto& task = tasks_[static_cast<std::size_t>(i)];
      const auto found = begun.find(i);
      const auto by = found == begun.end() ? std::vector<pid_t>() : found->second;
      const auto wrong = [&](const std::string& text) {
        out.push_back("task " + std::to_string(i) + " " + text);
      };
      if (by.size() > 1 && !task.idempotent)
        wrong("was begun twice");
      try {
        if (task.outcome.get() != task.value)
          wrong("has another value");
        if (by.empty() || by.size() > 2)
          wrong("was begun " + std::to_string(by.size()) + " times");
      } catch (const troupe::child_lost& lost) {
        if (by.empty())
          without_note.push_back(std::to_string(i) + ": " + lost.what());
        else if (by.back() != victim)
          wrong("was lost by another child than the one that was killed");
        if (lost.exit().signal != SIGKILL)
          wrong(std::string("was lost otherwise: ") + lost.what());
      } catch (const std::exception& e) {
        wrong(std::string("failed: ") + e.what());
      }
    }
    if (without_note.size() > 1)
      for (const auto& one : without_note)
        out.push_back("of several that had not been begun was lost task " + one);
    return out;
  }

private:
  flag notes_; // the path of a file
  troupe::pool pool_;
  std::vector<submitted> tasks_;
};

void check(short_life& life, killer_program& killer) {
  REQUIRE(life.ends());
  const auto report = killer.ask();
  INFO("the system call was number " << report.call);
  const auto wrongs = life.wrongs(report.pid);
  for (const auto& wrong : wrongs)
    FAIL_CHECK(wrong);
}

// Nothing of this point is left for the next one.
void check_clean(const baseline& before) {
  std::vector<std::string> excess;
  CHECK(eventually([&] {
    excess = baseline::now().excess_over(before);
    return excess.empty();
  }));
  for (const auto& one : excess)
    FAIL_CHECK("left: " << one);
}

// What stays for all tests: launchers, and the zygote, which starts children as well.
void warm_up(killer_program& killer) {
  for (const auto how : {start_method::spawn, start_method::forkserver}) {
    short_life life(how);
    life.submit();
    life.wrongs(0);
  }
  for (const pid_t zygote : zygotes())
    killer.trace(zygote);
}

std::uint64_t sample_seed() {
  const char* const said = std::getenv("TROUPE_TEST_SEED");
  return said != nullptr ? std::strtoull(said, nullptr, 10) : std::random_device()();
}

// Some of the points 1 to `length`, from all over it and in any order, or all of them.
std::vector<std::uint64_t> points(std::uint64_t length, std::uint64_t seed) {
  const auto stride = is_long_form() ? 1 : std::max(length / most_points, std::uint64_t(1));
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> out;
  for (std::uint64_t begin = 1; begin <= length; begin += stride)
    out.push_back(std::min(length, begin + random() % stride));
  if (!is_long_form())
    std::shuffle(out.begin(), out.end(), random);
  return out;
}

/// How a child is killed again and again, while `live` runs a pool whose first child it is.
struct plan {
  const char* name;
  killer_order::kind what;
  std::uint64_t skip; // markers, before it is stepped
  void (*live)(killer_program& killer);
};

void kill_at_points(const plan& one) {
  killer_program killer;
  if (!killer.traces()) {
    WARN("skipped: processes may not be traced here");
    return;
  }
  warm_up(killer);
  const auto before = baseline::now();
  const auto seed = sample_seed();
  INFO(one.name << ", repeated by TROUPE_TEST_SEED=" << seed);
  const auto run = [&](std::uint64_t point) {
    killer.aim(one.what, point, one.skip);
    one.live(killer);
    check_clean(before);
    const auto report = killer.ask();
    REQUIRE(report.done);
    return report;
  };
  const auto whole = run(never).count;
  REQUIRE(whole > 0);
  const auto length = one.what == killer_order::kind::at_call ? std::min(whole, calls) : whole;
  const auto end = std::chrono::steady_clock::now() + short_form;
  std::size_t killed = 0;
  for (const auto point : points(length, seed)) {
    if (!is_long_form() && killed > 0 && std::chrono::steady_clock::now() > end)
      break;
    INFO("killed at " << point << " of about " << whole);
    if (run(point).killed)
      ++killed;
  }
  CHECK(killed > 0);
  WARN(one.name << ", seed " << seed << ": killed at " << killed << " points of " << length);
}

// One that is to be killed at a system call has tasks from its start on, beside another child.
template <start_method How>
void live_at_calls(killer_program& killer) {
  short_life life(How, 2);
  life.submit();
  life.wait_ready();
  for (int round = 0; round < (is_long_form() ? 24 : 6); ++round)
    life.submit();
  check(life, killer);
}

// One that is stepped has them to itself: from the moment when a task has its result to that when the next one begins. There
// the result is encoded and published, and the next task claimed.
template <auto Function>
void live_at_steps(killer_program& killer) {
  short_life life(start_method::forkserver, 1); // when it is ready, it is given several at once
  for (int i = 0; i < 8; ++i)
    life.add(i % 2 == 0, Function);
  check(life, killer);
}

// The same for a map, whose items travel as batches.
template <class Function>
void live_at_items_of(killer_program& killer, Function function) {
  const flag notes;
  std::ofstream(notes.path()); // empty
  troupe::pool pool{rt(), {.processes = 1,
                            .childconcurrency = 1, // no two at the same time
                            .start_method = start_method::forkserver,
                            .restart = {.backoff = 1ms}}};
  std::vector<std::pair<std::string, int>> input;
  for (int i = 0; i < items; ++i)
    input.emplace_back(notes.path(), i);
  int values = 0;
  int lost = 0;
  for (auto& item : pool.map_unordered(function, input))
    if (item.has_value()) {
      ++values;
      CHECK(item.value() == static_cast<int>(item.index()) * 3);
    } else {
      ++lost;
      CHECK_THROWS_AS(item.value(), troupe::child_lost);
    }
  CHECK(values + lost == items);
  CHECK(lost <= (killer.ask().killed ? 1 : 0));
  for (const auto& [item, by] : notes_in(notes.path()))
    CHECK(by.size() == 1);
  pool.close();
  pool.join();
}

void live_at_items(killer_program& killer) {
  live_at_items_of(killer, item_of);
}

void live_at_blocking_items(killer_program& killer) {
  live_at_items_of(killer, troupe::blocking(item_of));
}

} // namespace

TEST_CASE(
  "a spawned child is killed before any of its system calls, and only what it had begun is lost") {
  kill_at_points({"spawn", killer_order::kind::at_call, 0, live_at_calls<start_method::spawn>});
}

TEST_CASE(
  "a forked child is killed before any of its system calls, and only what it had begun is lost") {
  kill_at_points(
    {"forkserver", killer_order::kind::at_call, 0, live_at_calls<start_method::forkserver>});
}

TEST_CASE("a child is killed after any instruction of publishing a result and claiming the next "
          "task, and only what it had begun is lost") {
  // After the first one, in which some things are done once.
  kill_at_points({"small results", killer_order::kind::at_step, 1, live_at_steps<small_result>});
  kill_at_points({"large results", killer_order::kind::at_step, 1, live_at_steps<large_result>});
  kill_at_points({"coroutines", killer_order::kind::at_step, 1, live_at_steps<waits>});
}

TEST_CASE("a child is killed after any instruction between two items of a batch, and only the one "
          "that it had begun is lost") {
  kill_at_points({"items", killer_order::kind::at_step, 3, live_at_items});
}

TEST_CASE("a child is killed after any instruction between two blocking items of a batch, and only "
          "the one that it had begun is lost") {
  kill_at_points({"blocking items", killer_order::kind::at_step, 3, live_at_blocking_items});
}

TEST_CASE("a coroutine that a child has claimed has begun when the next task ends that child") {
  const flag notes;
  std::ofstream(notes.path()); // empty
  troupe::pool pool{rt(), {.processes = 1}};
  std::vector<troupe::task_future<std::string>> coroutines;
  for (int i = 0; i < 4; ++i)
    coroutines.push_back(pool.apply(waits, notes.path(), i));
  auto death = pool.apply([] { ::raise(SIGKILL); });
  REQUIRE(death.wait_for(60s));
  CHECK_THROWS_AS(death.get(), troupe::child_lost);
  for (int i = 0; i < 4; ++i) {
    auto& one = coroutines[static_cast<std::size_t>(i)];
    REQUIRE(one.wait_for(60s));
    try {
      const auto value = one.get();
      CHECK(value == std::to_string(i));
    } catch (const troupe::child_lost&) {
      CHECK(notes_in(notes.path()).contains(i));
    }
  }
}
