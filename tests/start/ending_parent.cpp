// A program whose runtime ends while something of it is still in use, in the way that its argument names. It
// says "over" when the runtime has ended, and what became of the rest.
#include <troupe/troupe.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

int square(int x) {
  return x * x;
}

void sleep_long() {
  std::this_thread::sleep_for(1h);
}

caf::behavior doubler(caf::event_based_actor*) {
  return {[](int x) { return 2 * x; }};
}

// What a function throws, by its kind.
std::string thrown_by(const std::function<void()>& function) {
  try {
    function();
  } catch (const troupe::pool_closed&) {
    return "pool_closed";
  } catch (const troupe::task_cancelled&) {
    return "task_cancelled";
  } catch (const troupe::queue_closed&) {
    return "queue_closed";
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing";
}

void say(const std::string& text) {
  std::cout << text << std::endl;
}

// Declared before the runtime, so it outlives it.
struct kept {
  std::unique_ptr<troupe::pool> pool;
  troupe::task_future<int> done;
  troupe::task_future<void> underway;
  std::optional<troupe::queue<int>> queue;
  caf::actor requests;
  caf::actor hosted;
  std::thread waiter;
};

asio::awaitable<void> use_local_pool(troupe::runtime& rt) {
  troupe::pool pool{rt, {.processes = 2}};
  say(std::to_string(co_await pool.apply(square, 3)));
}

asio::awaitable<void> sleep_with_pool(troupe::runtime& rt, std::promise<void>& begun) {
  troupe::pool pool{rt, {.processes = 1}};
  co_await pool.apply(square, 3);
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  begun.set_value();
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> await_task(troupe::runtime& rt, std::promise<void>& begun) {
  troupe::pool pool{rt, {.processes = 1}};
  auto task = pool.apply(sleep_long);
  begun.set_value();
  try {
    co_await task;
  } catch (const troupe::task_cancelled&) {
    say("the coroutine goes on");
  }
}

asio::awaitable<void> await_value(const troupe::queue<int>& values, std::promise<void>& begun) {
  begun.set_value();
  const auto value = co_await values.async_pop();
  if (!value)
    say("the coroutine goes on");
}

void spawn(troupe::runtime& rt, asio::awaitable<void> task, std::promise<void>& begun) {
  asio::co_spawn(rt.executor(), std::move(task), asio::detached);
  begun.get_future().wait();
}

using scenario = std::function<void(troupe::runtime&, kept&)>;

const std::map<std::string, scenario>& scenarios() {
  static const std::map<std::string, scenario> all{
    {"local pool", [](troupe::runtime& rt, kept&) { rt.run(use_local_pool(rt)); }},
    {"coroutine with a pool",
      [](troupe::runtime& rt, kept&) {
        static std::promise<void> begun;
        spawn(rt, sleep_with_pool(rt, begun), begun);
      }},
    {"coroutine that awaits a task",
      [](troupe::runtime& rt, kept&) {
        static std::promise<void> begun;
        spawn(rt, await_task(rt, begun), begun);
      }},
    {"coroutine that awaits a value",
      [](troupe::runtime& rt, kept& more) {
        static std::promise<void> begun;
        more.queue.emplace(rt, 1);
        spawn(rt, await_value(*more.queue, begun), begun);
      }},
    {"futures",
      [](troupe::runtime& rt, kept& more) {
        troupe::pool pool{rt, {.processes = 1}};
        more.done = pool.apply(square, 3);
        more.done.wait();
        more.underway = pool.apply(sleep_long);
      }},
    {"pool",
      [](troupe::runtime& rt, kept& more) {
        more.pool = std::make_unique<troupe::pool>(rt, troupe::pool_options{.processes = 1});
        more.done = more.pool->apply(square, 3);
        more.done.wait();
        more.underway = more.pool->apply(sleep_long);
      }},
    {"queue",
      [](troupe::runtime& rt, kept& more) {
        more.queue.emplace(rt, 2);
        more.queue->push(1);
      }},
    {"actors",
      [](troupe::runtime& rt, kept& more) {
        troupe::pool pool{rt, {.processes = 1}};
        more.requests = pool.actor();
        more.hosted = pool.spawn(doubler);
        pool.apply(square, 1).get();
      }},
    {"thread that waits for a task",
      [](troupe::runtime& rt, kept& more) {
        more.pool = std::make_unique<troupe::pool>(rt, troupe::pool_options{.processes = 1});
        more.waiter = std::thread([task = more.pool->apply(sleep_long)]() mutable {
          say("the thread gets " + thrown_by([&] { task.get(); }));
        });
      }},
    {"thread that waits for a value",
      [](troupe::runtime& rt, kept& more) {
        more.queue.emplace(rt, 1);
        more.waiter = std::thread([values = *more.queue] {
          say(values.pop() ? "the thread gets a value" : "the thread gets nothing");
        });
      }},
  };
  return all;
}

void use(kept& rest) {
  if (rest.waiter.joinable())
    rest.waiter.join();
  if (rest.done.valid())
    say("the value is " + std::to_string(rest.done.get()));
  if (rest.underway.valid()) {
    rest.underway.cancel();
    say("a task throws " + thrown_by([&] { rest.underway.get(); }));
  }
  if (rest.pool) {
    say("apply throws " + thrown_by([&] { rest.pool->apply(square, 1).get(); }));
    say("stats throws " + thrown_by([&] { rest.pool->stats(); }));
    rest.pool->close();
    rest.pool->join();
  }
  if (rest.queue) {
    say("push throws " + thrown_by([&] { rest.queue->push(1); }));
    say(rest.queue->pop() ? "pop has a value" : "pop has none");
  }
  if (rest.requests)
    caf::anon_send(rest.requests, 1);
  if (rest.hosted)
    caf::anon_send(rest.hosted, 1);
}

// The destructors of what is static run after `main`, when much of what the thread had is gone.
void use_static_pool(int argc, char** argv) {
  static troupe::runtime rt{argc, argv};
  static troupe::pool pool{rt, {.processes = 1}};
  static auto hosted = pool.spawn(doubler);
  say(std::to_string(pool.apply(square, 3).get()));
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "static") {
    use_static_pool(argc, argv);
    return 0;
  }
  kept rest;
  {
    troupe::runtime rt{argc, argv};
    scenarios().at(argc > 1 ? argv[1] : "")(rt, rest);
  }
  say("over");
  use(rest);
}
