// A program that uses every public class and option of troupe, built against the installed package.
#include <troupe/troupe.hpp>

#include <boost/asio/steady_timer.hpp>
#include <caf/all.hpp>

#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

class out_of_cheese : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};
TROUPE_EXCEPTION(out_of_cheese);

struct point {
  int x = 0;
  int y = 0;
};

int square(int x) {
  return x * x;
}

int add(int a, int b) {
  return a + b;
}

point mirror(point p) {
  return {p.y, p.x};
}

int sell_cheese() {
  throw out_of_cheese("no cheese");
}

asio::awaitable<int> slow_square(int x) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return square(x);
}

void initialize(int) {}
void finalize() {}
void note(std::exception_ptr) {}
void set_up_loop(troupe::loop_options& options) {
  options.blocking_threads = 2;
}

std::size_t describe_self() {
  return troupe::this_task::id() + troupe::this_task::attempt() + troupe::this_task::child_slot() +
         (troupe::this_task::deadline() ? 1 : 0) +
         (troupe::this_task::stop_token().stop_possible() ? 1 : 0) +
         (troupe::this_child::is_child() ? troupe::this_child::slot() : 0);
}

int twice_nested(troupe::pool_handle pool, int x) {
  return pool.apply(square, x).get() + pool.apply(square, x).get();
}

int take_all(troupe::queue<int> numbers) {
  int sum = 0;
  while (auto next = numbers.pop())
    sum += *next;
  return sum;
}

caf::behavior adder(caf::event_based_actor*) {
  const auto sum = std::make_shared<int>(0);
  return {[sum](int amount) { return *sum += amount; }};
}

void check(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error(what);
}

troupe::pool_options every_pool_option() {
  return {
    .processes = 2,
    .initializer = troupe::call(initialize, 1),
    .maxtasksperchild = 0,
    .childconcurrency = 4,
    .queuecount = 2,
    .scheduler = std::make_shared<troupe::least_loaded>(),
    .loop_initializer = &set_up_loop,
    .exception_handler = &note,
    .name = "consumer",
    .start_method = troupe::start_method::forkserver,
    .spares = 1,
    .restart = {.intensity = 10, .period = 1s, .backoff = 1ms, .start_attempts = 3},
    .start_timeout = 30s,
    .shutdown_timeout = 5s,
    .max_queue = 1000,
    .overflow = troupe::overflow::block,
    .output = troupe::output::capture,
    .finalizer = troupe::call(finalize),
    .limits = {.open_files = 256, .nice = 1},
    .cancel_grace = 1s,
  };
}

void use_tasks(troupe::pool& pool) {
  const troupe::task_options options{
    .name = "square",
    .timeout = 10s,
    .expires = 10s,
    .retries = {.max_attempts = 2,
      .backoff = 1ms,
      .max_backoff = 2ms,
      .jitter = 0.5,
      .retry_on = troupe::retry_on<std::system_error, troupe::child_lost>},
    .idempotent = true,
    .priority = 1,
    .key = "k",
  };
  check(pool.apply(options, square, 3).get() == 9, "apply");
  check(pool.apply(troupe::blocking(square), 3).get() == 9, "blocking");
  check(pool.apply(slow_square, 3).get() == 9, "coroutine");
  check(pool.apply(mirror, point{1, 2}).get().x == 2, "aggregate");
  check(pool.apply(describe_self).get() > 0, "this_task");
  troupe::task_future<int> future = pool.apply(square, 2);
  check(future.wait_for(30s) && future.done() && !future.error(), "future");
  future.cancel();
  try {
    pool.apply(sell_cheese).get();
    check(false, "an exception");
  } catch (const out_of_cheese& e) {
    const auto& proxy = dynamic_cast<const troupe::proxy_exception&>(e);
    check(std::string(proxy.what()) == "no cheese" && proxy.pid() > 0, "proxy_exception");
  }
}

void use_maps(troupe::pool& pool) {
  std::size_t told = 0;
  troupe::map_options options{.chunksize = 2, .buffersize = 8, .fail_fast = true};
  options.on_progress = [&told](
                          const troupe::map_progress& progress) { told = progress.completed; };
  options.task = {.timeout = 10s};
  auto results = pool.map(options, square, std::vector{1, 2, 3});
  check(results.get() == std::vector{1, 4, 9} && results.progress().completed == 3, "map");
  check(pool.starmap(add, std::vector<std::tuple<int, int>>{{1, 2}}).get()[0] == 3, "starmap");
  int sum = 0;
  for (auto& item : pool.map_unordered(square, std::vector{1, 2, 3}))
    sum += item.value() + static_cast<int>(item.index());
  check(sum == 17, "map_unordered");
}

void use_processes(troupe::runtime& rt) {
  troupe::process alone{rt, troupe::call(finalize),
    {.name = "alone", .daemon = true, .output = troupe::output::capture}};
  alone.start();
  alone.join();
  check(alone.exit_code() == 0 && alone.name() == "alone", "process");
  troupe::worker worker{rt, troupe::call(square, 4)};
  worker.start();
  worker.join();
  check(worker.result() == 16, "worker");
}

void use_actors(troupe::runtime& rt, troupe::pool& pool) {
  caf::scoped_actor self{rt.system()};
  int got = 0;
  const auto take = [&got](int value) { got = value; };
  const auto fail = [](caf::error& e) { throw std::runtime_error(troupe::message_of(e)); };
  self->request(pool.actor(), caf::infinite, troupe::call(square, 5)).receive(take, fail);
  check(got == 25, "pool.actor");
  auto remote = pool.spawn(
    troupe::actor_options{.restart = troupe::restart_policy::permanent, .name = "adder"}, adder);
  self->request(remote, caf::infinite, 7).receive(take, fail);
  check(got == 7, "pool.spawn");
  self->send_exit(remote, caf::exit_reason::kill);
}

void use_files(troupe::runtime& rt) {
  const std::string file = "consumer.toml";
  std::ofstream(file) << "[pool.filed]\n"
                         "processes = 1\n"
                         "initializer = [\"initialize\", 1]\n"
                         "[app.consumer]\n"
                         "answer = 42\n";
  const troupe::config config = troupe::load_config(file, rt.tasks());
  troupe::pool pool{rt, config.pool("filed")};
  const troupe::app_setting& answer = config.app("consumer").at("answer");
  check(answer.value == troupe::scalar(std::int64_t{42}), "app_setting");
  check(pool.apply(square, 2).get() == 4, "load_config");
}

} // namespace

int main(int argc, char** argv) {
  troupe::task_registry tasks;
  tasks.add("initialize", initialize).add("finalize", finalize);
  troupe::runtime rt{argc, argv,
    {.caf_threads = 1,
      .preload = {troupe::call(finalize)},
      .preload_timeout = 60s,
      .tasks = tasks}};
  check(rt.tasks().names().size() == 2, "names of tasks");
  use_files(rt);
  check(troupe::get_start_method() == troupe::start_method::spawn, "start method");
  troupe::pool pool{rt, every_pool_option()};
  use_tasks(pool);
  use_maps(pool);
  check(pool.apply(twice_nested, pool.handle(), 3).get() == 18, "pool_handle");
  troupe::queue<int> numbers{rt, 4};
  auto total = pool.apply(troupe::blocking(take_all), numbers);
  for (int i = 1; i <= 10; ++i)
    numbers.push(i);
  numbers.close();
  check(total.get() == 55, "queue");
  use_processes(rt);
  use_actors(rt, pool);
  rt.run([&]() -> asio::awaitable<void> {
    check(co_await pool.apply(slow_square, 6) == 36, "co_await");
    auto results = pool.map(square, std::vector{1, 2});
    int count = 0;
    while (auto value = co_await results.next())
      count += *value;
    check(count == 5, "next");
  });
  const troupe::pool_stats stats = pool.stats();
  check(stats.children.size() == 2 && stats.failed == 1, "stats");
  pool.close();
  check(pool.join_for(60s), "join_for");
  std::printf("everything works\n");
  return 0;
}
