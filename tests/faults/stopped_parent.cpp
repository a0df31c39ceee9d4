// A program that waits for its children, and says how many of its tasks or starts came too late: a test stops it
// meanwhile.
#include <troupe/troupe.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr int tasks = 1500; // more results than the parent reads before it looks at anything else

asio::awaitable<int> nap(int x) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 300ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return x;
}

void say(const char* what) {
  std::puts(what);
  std::fflush(stdout);
}

int add_one(int x) {
  return x + 1;
}

// An initializer.
void take_a_while() {
  say("initializing");
  std::this_thread::sleep_for(300ms);
}

void wait_for_results(troupe::runtime& rt) {
  troupe::pool pool{rt, {.processes = 1, .childconcurrency = tasks}};
  pool.apply(nap, 0).get();
  std::vector<troupe::task_future<int>> results;
  for (int i = 0; i < tasks; ++i)
    results.push_back(pool.apply(troupe::task_options{.timeout = 1s}, nap, i));
  say("submitted");
  int timeouts = 0;
  for (auto& result : results) {
    try {
      result.get();
    } catch (const troupe::task_timeout&) {
      ++timeouts;
    }
  }
  std::printf("%d timeouts\n", timeouts);
}

void wait_for_a_start(troupe::runtime& rt) {
  troupe::pool pool{rt, {.processes = 1,
                          .initializer = troupe::call(take_a_while),
                          .restart = {.backoff = 1ms},
                          .start_timeout = 3s}};
  pool.apply(nap, 0).get();
  std::printf("%d deaths\n", static_cast<int>(pool.stats().deaths));
}

void wait_for_a_process(troupe::runtime& rt) {
  troupe::worker<int> one{
    rt, troupe::call(add_one, 8), {.initializer = troupe::call(take_a_while), .start_timeout = 3s}};
  try {
    one.start();
    one.join();
    std::printf("the result is %d\n", one.result());
  } catch (const troupe::start_failed& e) {
    std::printf("%s\n", e.what());
  }
}

} // namespace

// stopped_parent results|start|process
int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  const std::string_view what = argc > 1 ? argv[1] : "results";
  if (what == "start")
    wait_for_a_start(rt);
  else if (what == "process")
    wait_for_a_process(rt);
  else
    wait_for_results(rt);
}
