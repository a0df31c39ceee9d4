// A program that uses troupe as a shared library, and says what it sees of it.
#include "user_library.hpp"

#include <troupe/troupe.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/all.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

void say(const std::string& what, const std::string& value) {
  std::cout << what << ": " << value << std::endl;
}

int square(int x) {
  return x * x;
}

asio::awaitable<int> slow_square(int x) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return square(x);
}

int third_of_two() {
  return std::vector<int>{1, 2}.at(static_cast<std::size_t>(std::atoi("2")));
}

int wait_until_stopped() {
  while (!troupe::this_task::stop_token().stop_requested()) {
  }
  return 0;
}

caf::behavior adder(caf::event_based_actor*) {
  const auto sum = std::make_shared<int>(0);
  return {[sum](int amount) { return *sum += amount; }};
}

// What is thrown crosses two borders: of processes, and of the libraries.
void show_exceptions(troupe::pool& pool) {
  try {
    pool.apply(third_of_two).get();
  } catch (const std::out_of_range& e) {
    const auto& proxy = dynamic_cast<const troupe::proxy_exception&>(e);
    const bool at_throw = proxy.traceback().find("third_of_two") != std::string::npos;
    say(
      "thrown by libstdc++", at_throw ? "caught, with its place" : "caught: " + proxy.traceback());
  }
  try {
    pool.apply(user::sell_cheese).get();
  } catch (const user::out_of_cheese& e) {
    const auto& proxy = dynamic_cast<const troupe::proxy_exception&>(e);
    const bool at_throw = proxy.traceback().find("sell_cheese") != std::string::npos;
    say("thrown by the library", at_throw ? e.what() : "caught: " + proxy.traceback());
  }
  try {
    pool.apply([] { std::abort(); }).get();
  } catch (const troupe::child_lost& loss) {
    say("lost to signal", std::to_string(loss.signal()));
  }
  try {
    pool.apply(troupe::task_options{.timeout = 1ms}, wait_until_stopped).get();
  } catch (const troupe::task_timeout&) {
    say("too late", "task_timeout");
  }
}

void show_actor(troupe::runtime& rt, troupe::pool& pool) {
  caf::scoped_actor self{rt.system()};
  auto remote = pool.spawn(adder);
  self->request(remote, caf::infinite, 7)
    .receive([](int sum) { say("an actor", std::to_string(sum)); },
      [](caf::error& e) { say("an actor", troupe::message_of(e)); });
}

} // namespace

// shared_parent [replaced]: with the word, the library is replaced while it waits.
int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  say("of the program", std::to_string(pool.apply(square, 3).get()));
  if (argc > 1) {
    std::cin.get();
    try {
      troupe::pool late{rt, {.processes = 1, .restart = {.start_attempts = 1}}};
      say("replaced", std::to_string(late.apply(square, 3).get()));
    } catch (const troupe::error& e) {
      say("replaced", e.what());
    }
    return 0;
  }
  say("a lambda", std::to_string(pool.apply([](int x) { return x + 1; }, 3).get()));
  say("a coroutine", std::to_string(pool.apply(slow_square, 4).get()));
  say("of the library", std::to_string(pool.apply(user::twice, 5).get()));
  say("submitted by the library", std::to_string(user::thrice_in_child(pool, 5)));
  say("of troupe", pool.apply(troupe::usable_cpus).get() > 0 ? "some CPUs" : "none");
  show_exceptions(pool);
  show_actor(rt, pool);
  return 0;
}
