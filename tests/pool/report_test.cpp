// What children tell their parent beside the outcomes of their tasks.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace troupe::test;

namespace {

int say(std::string topic, std::string text) {
  troupe::this_child::report(topic, text);
  return ::getpid();
}

void say_in_a_thread(std::string topic, std::string text) {
  std::thread([&] { troupe::this_child::report(topic, text); }).join();
}

boost::asio::awaitable<void> say_and_nap(std::string topic, int number) {
  troupe::this_child::report(topic, std::to_string(number) + " begins");
  co_await nap(number);
  troupe::this_child::report(topic, std::to_string(number) + " ends");
}

void say_much(std::string topic, std::size_t bytes) {
  troupe::this_child::report(topic, std::string(bytes, 'x'));
}

/// Collects the reports of a topic for as long as it lives.
class listener {
public:
  explicit listener(std::string topic)
    : topic_(std::move(topic)) {
    troupe::on_report(topic_, [this](const troupe::report& said) {
      const std::lock_guard lock(mutex_);
      topics_.emplace(said.topic);
      texts_.emplace_back(said.text);
      pids_.insert(said.pid);
    });
  }
  listener(const listener&) = delete;
  ~listener() { troupe::on_report(topic_, {}); }

  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  std::set<std::string> topics() const {
    const std::lock_guard lock(mutex_);
    return topics_;
  }
  std::set<pid_t> pids() const {
    const std::lock_guard lock(mutex_);
    return pids_;
  }

private:
  const std::string topic_;
  mutable std::mutex mutex_;
  std::set<std::string> topics_;
  std::vector<std::string> texts_;
  std::set<pid_t> pids_;
};

} // namespace

TEST_CASE("a report has come before the outcome of its task, from any kind of function") {
  const listener heard("a topic");
  troupe::pool pool{rt(), {.processes = 1}};
  const pid_t child = pool.apply(say, "a topic", "plain").get();
  CHECK(heard.texts() == std::vector<std::string>{"plain"});
  pool.apply(troupe::blocking(say), "a topic", "blocking").get();
  CHECK(heard.texts().size() == 2);
  pool.apply(say_in_a_thread, "a topic", "thread").get();
  pool.apply(troupe::blocking(say_in_a_thread), "a topic", "thread").get();
  const auto texts = heard.texts();
  CHECK(std::count(texts.begin(), texts.end(), "thread") == 2);
  pool.apply(say_and_nap, "a topic", 1).get();
  CHECK(heard.texts().back() == "1 ends");
  CHECK(heard.pids() == std::set<pid_t>{child});
  CHECK(heard.topics() == std::set<std::string>{"a topic"});
}

TEST_CASE("reports of many tasks at once are all heard, those of one child in its order") {
  const listener heard("many");
  troupe::pool pool{rt(), {.processes = 2, .childconcurrency = 8}};
  std::vector<int> numbers(200);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<int>(i);
  pool
    .starmap(say_and_nap,
      numbers | std::views::transform([](int n) { return std::pair<std::string, int>("many", n); }))
    .get();
  const auto texts = heard.texts();
  CHECK(texts.size() == 2 * numbers.size());
  for (const int n : numbers) {
    const auto begins = std::find(texts.begin(), texts.end(), std::to_string(n) + " begins");
    const auto ends = std::find(texts.begin(), texts.end(), std::to_string(n) + " ends");
    CHECK(begins < ends);
  }
}

TEST_CASE("a report that nobody wants is dropped, and a handler that throws harms nothing") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_NOTHROW(pool.apply(say, "unknown", "text").get());
  troupe::on_report("thrown at", [](const troupe::report&) { throw 1; });
  CHECK_NOTHROW(pool.apply(say, "thrown at", "text").get());
  troupe::on_report("thrown at", {});
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE(
  "a report larger than the ring arrives whole, one beyond the limit is refused in the child") {
  const listener heard("large");
  troupe::pool pool{rt(), {.processes = 1}};
  pool.apply(say_much, "large", std::size_t{1024} * 1024).get();
  REQUIRE(heard.texts().size() == 1);
  CHECK(heard.texts().front() == std::string(1024 * 1024, 'x'));
  CHECK_THROWS_WITH(pool.apply(say_much, "large", std::size_t{1024} * 1024 + 1).get(),
    "a report takes 1048577 bytes, but 1048576 are the limit: write it to a file and report the "
    "name");
  CHECK(heard.texts().size() == 1);
}

TEST_CASE("a process of its own reports as well, and the parent itself cannot") {
  const listener heard("a process");
  troupe::worker process{rt(), troupe::call(say, "a process", "text")};
  process.start();
  process.join();
  CHECK(heard.texts() == std::vector<std::string>{"text"});
  CHECK(heard.pids() == std::set<pid_t>{process.pid()});
  CHECK_THROWS_AS(troupe::this_child::report("a process", "text"), std::logic_error);
}
