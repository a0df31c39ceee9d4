// Whatever a child does to the descriptors that it shares with its parent, the parent goes on; and whatever
// is full, no wish of the parent is lost.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int square(int x) {
  return x * x;
}

bool is_a_bell(int fd) {
  char target[64] = {};
  const auto path = "/proc/self/fd/" + std::to_string(fd);
  return ::readlink(path.c_str(), target, sizeof target - 1) > 0 &&
         (std::string(target).starts_with("pipe:") ||
           std::string(target).starts_with("anon_inode:[eventfd]"));
}

// Makes every bell block, and fills those that it can write, again and again.
void block_every_bell() {
  for (int fd = 3; fd < 256; ++fd)
    if (is_a_bell(fd))
      ::fcntl(fd, F_SETFL, 0);
  const std::uint64_t most = 0xfffffffffffffffe;
  for (int round = 0; round < 2000; ++round)
    for (int fd = 3; fd < 256; ++fd)
      if (is_a_bell(fd)) [[maybe_unused]]
        const auto written = ::write(fd, &most, round == 0 ? sizeof most : 1);
}

asio::awaitable<void> wait_for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
}

void hold_the_loop() {
  std::this_thread::sleep_for(300ms); // the span in which the wishes pile up
}

} // namespace

TEST_CASE("a child whose bells block does not stop its parent") {
  troupe::pool pool{rt(), {.processes = 2}};
  auto hostile = pool.apply(block_every_bell);
  for (int i = 0; i < 200; ++i)
    REQUIRE(pool.apply(square, i).get() == i * i);
  hostile.cancel();
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("of very many cancels and the drain after them none is lost") {
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 2000}};
  std::vector<troupe::task_future<void>> waiting;
  for (int i = 0; i < 1500; ++i)
    waiting.push_back(pool.apply(wait_for_ever));
  auto holds = pool.apply(hold_the_loop);
  for (auto& task : waiting)
    task.cancel();
  holds.get();
  pool.close();
  pool.join(); // a wish that was lost would keep it for ever
}
