// `worker`: a process whose call has a result.
#include "link/shared_region.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/link_memory.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <type_traits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

asio::awaitable<std::string> greet(std::string name) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return "hello " + name;
}

void do_nothing() {}

int sleep_long() {
  std::this_thread::sleep_for(std::chrono::hours(1));
  return 0;
}

int exit_with(int code) {
  std::exit(code);
}

int throws(std::string text) {
  throw std::out_of_range(text);
}

std::string large(std::size_t size) {
  return std::string(size, 'x');
}

// Writes nonsense into its link, and wakes the parent.
int write_garbage() {
  auto* const header = reinterpret_cast<troupe::link::region_header*>(link_memory().front().data());
  header->to_parent.head = ~std::uint64_t{0};
  for (int fd = 3; fd < 64; ++fd) {
    struct stat info {};
    if (::fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode)) [[maybe_unused]]
      const auto written = ::write(fd, "", 1);
  }
  return sleep_long();
}

template <class R>
troupe::child_lost lost(troupe::worker<R>& w) {
  w.start();
  try {
    w.join();
  } catch (const troupe::child_lost& loss) {
    return loss;
  }
  FAIL("it was not lost");
  std::abort();
}

} // namespace

static_assert(
  std::is_same_v<decltype(troupe::worker{rt(), troupe::call(square, 3)}), troupe::worker<int>>);
static_assert(std::is_same_v<decltype(troupe::worker{rt(), troupe::call(greet, "Ada")}),
  troupe::worker<std::string>>);
static_assert(
  !std::is_constructible_v<troupe::worker<std::string>, troupe::runtime&, troupe::typed_call<int>>);

TEST_CASE("the result of a worker is not there before it has ended, and then it is the value") {
  troupe::worker w{rt(), troupe::call(square, 3)};
  CHECK_THROWS_WITH(w.result(), ContainsSubstring("not completed"));
  CHECK_THROWS_AS(w.result(), std::logic_error);
  w.start();
  w.join();
  CHECK(w.result() == 9);
  CHECK(w.result() == 9);
  CHECK(w.exit_code() == 0);
}

TEST_CASE("a worker that runs has no result yet") {
  troupe::worker w{rt(), troupe::call(sleep_long)};
  w.start();
  CHECK_THROWS_WITH(w.result(), ContainsSubstring("not completed"));
  w.kill();
  CHECK_THROWS_AS(w.join(), troupe::child_lost);
}

TEST_CASE("awaiting a worker gives its value, whether it was started or not, and again") {
  troupe::worker fresh{rt(), troupe::call(greet, "Ada")};
  troupe::worker started{rt(), troupe::call(square, 4)};
  troupe::worker without_value{rt(), troupe::call(do_nothing)};
  rt().run([&]() -> asio::awaitable<void> {
    CHECK(co_await fresh == "hello Ada");
    CHECK(co_await fresh == "hello Ada");
    co_await started.async_start();
    CHECK(co_await started == 16);
    co_await without_value;
  });
  CHECK(started.result() == 16);
  without_value.result();
}

TEST_CASE("a worker runs coroutines, blocking functions and lambdas, with results of any size") {
  troupe::worker coroutine{rt(), troupe::call(greet, "Grace")};
  troupe::worker blocking{rt(), troupe::call(troupe::blocking(square), 5)};
  troupe::worker lambda{rt(), troupe::call([](int x) { return x + 1; }, 5)};
  troupe::worker many{rt(), troupe::call(large, std::size_t{8} << 20)};
  coroutine.start();
  blocking.start();
  lambda.start();
  many.start();
  coroutine.join();
  blocking.join();
  lambda.join();
  many.join();
  CHECK(coroutine.result() == "hello Grace");
  CHECK(blocking.result() == 25);
  CHECK(lambda.result() == 6);
  CHECK(many.result().size() == std::size_t{8} << 20);
}

TEST_CASE("what the function of a worker throws is thrown by join and by result") {
  troupe::worker w{rt(), troupe::call(throws, "no such item")};
  w.start();
  CHECK_THROWS_WITH(w.join(), "no such item");
  CHECK_THROWS_AS(w.join(), std::out_of_range);
  try {
    w.result();
    FAIL("it had a result");
  } catch (const troupe::proxy_exception& e) {
    CHECK(e.type() == "std::out_of_range");
    CHECK(e.pid() == w.pid());
  }
  CHECK(w.exit_code() == 1);
  rt().run([&]() -> asio::awaitable<void> {
    bool thrown = false;
    try {
      co_await w;
    } catch (const std::out_of_range&) {
      thrown = true;
    }
    CHECK(thrown);
  });
}

TEST_CASE("a worker that is killed is lost, with the signal") {
  troupe::worker w{rt(), troupe::call(sleep_long)};
  w.start();
  w.kill();
  CHECK_THROWS_AS(w.join(), troupe::child_lost);
  try {
    w.result();
    FAIL("it had a result");
  } catch (const troupe::child_lost& loss) {
    CHECK(loss.signal() == SIGKILL);
    CHECK(loss.pid() == w.pid());
    CHECK_THAT(loss.what(), ContainsSubstring(w.name() + " is lost"));
  }
  CHECK(w.exit_code() == -SIGKILL);
}

TEST_CASE("a worker whose function exits is lost, with the exit code") {
  for (const int code : {0, 7}) {
    troupe::worker w{rt(), troupe::call(exit_with, code)};
    const auto loss = lost(w);
    CHECK(loss.exit_code() == code);
    CHECK(loss.signal() == 0);
    CHECK(w.exit_code() == code);
  }
}

TEST_CASE("a result that was sent counts, whatever its child does afterwards") {
  troupe::worker w{
    rt(), troupe::call(square, 6), {.finalizer = troupe::call([] { ::raise(SIGKILL); })}};
  w.start();
  w.join();
  CHECK(w.result() == 36);
  CHECK(w.exit_code() == -SIGKILL);
}

TEST_CASE("a worker that violates the protocol is killed and lost, and others go on") {
  troupe::worker good{rt(), troupe::call(square, 7)};
  troupe::worker bad{rt(), troupe::call(write_garbage)};
  good.start();
  const auto loss = lost(bad);
  CHECK_THAT(loss.what(), ContainsSubstring("protocol violation"));
  CHECK(bad.exit_code() == -SIGKILL);
  good.join();
  CHECK(good.result() == 49);
}

TEST_CASE("an initializer that throws fails the start of a worker with its error") {
  troupe::worker w{
    rt(), troupe::call(square, 1), {.initializer = troupe::call(throws, "not today")}};
  w.start();
  CHECK_THROWS_AS(w.join(), troupe::start_failed);
  CHECK_THROWS_AS(w.result(), troupe::start_failed);
}

TEST_CASE("a worker can be used as a process") {
  troupe::worker w{rt(), troupe::call(throws, "as a process")};
  troupe::process& p = w;
  p.start();
  CHECK_THROWS_AS(p.join(), std::out_of_range);
  troupe::worker value{rt(), troupe::call(square, 2)};
  rt().run([&]() -> asio::awaitable<void> { co_await static_cast<troupe::process&>(value); });
  CHECK(value.result() == 4);
}

TEST_CASE("workers live in containers, and a closed one has no result any more") {
  std::vector<troupe::worker<int>> all;
  for (int i = 0; i < 3; ++i)
    all.emplace_back(rt(), troupe::call(square, i));
  for (auto& w : all)
    w.start();
  for (auto& w : all)
    w.join();
  CHECK(all[2].result() == 4);
  all[2].close();
  CHECK_THROWS_WITH(all[2].result(), ContainsSubstring("is closed"));
}

TEST_CASE("workers leave nothing behind") {
  const auto run = [] {
    troupe::worker good{rt(), troupe::call(square, 2)};
    troupe::worker bad{rt(), troupe::call(throws, "leaving nothing")};
    good.start();
    bad.start();
    good.join();
    CHECK_THROWS(bad.join());
  };
  run(); // warm-up
  const auto before = footprint::of_this_process();
  for (int i = 0; i < 5; ++i)
    run();
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}
