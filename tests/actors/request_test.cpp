#include "actors/actors.hpp"
#include "compat/task_error_code.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/all.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

point mirrored(const point& p) {
  return {-p.x, {p.names.rbegin(), p.names.rend()}};
}

asio::awaitable<std::string> greet(std::string name) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return "hello " + name;
}

// Requests it as an actor of the program that blocks, and gives the value; throws what went wrong.
template <class R, class... Ts>
R ask_pool(const troupe::pool& pool, Ts&&... content) {
  caf::scoped_actor self{rt().system()};
  std::optional<R> result;
  self->request(pool.actor(), caf::infinite, std::forward<Ts>(content)...)
    .receive(
      [&](R& value) { result = std::move(value); }, [](caf::error& e) { troupe::rethrow(e); });
  return std::move(*result);
}

template <class... Ts>
caf::error error_of(const troupe::pool& pool, Ts&&... content) {
  caf::scoped_actor self{rt().system()};
  caf::error result;
  self->request(pool.actor(), caf::infinite, std::forward<Ts>(content)...)
    .receive([&](caf::error& e) { result = std::move(e); }, any_response([](caf::message) {}));
  return result;
}

struct tired : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace

TROUPE_EXCEPTION(tired);

TEST_CASE("an actor requests a task, and its response is the value that the function returns") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(ask_pool<int>(pool, troupe::call(square, 3)) == 9);
  CHECK(ask_pool<std::string>(pool, troupe::call(greet, "Ada")) == "hello Ada");
  CHECK(ask_pool<double>(pool, troupe::call(troupe::blocking([](double x) { return x / 2; }), 3)) ==
        1.5);
  CHECK(ask_pool<bool>(pool, troupe::call([] { return true; })));
  CHECK(ask_pool<std::int64_t>(pool, troupe::call([](long long x) { return x; }, 1LL << 40)) ==
        1LL << 40);
}

TEST_CASE("values that CAF cannot serialize are responses as well") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto p = ask_pool<point>(pool, troupe::call(mirrored, point{1, {"a", "b"}}));
  CHECK(p.x == -1);
  CHECK(p.names == std::vector<std::string>{"b", "a"});
  CHECK(ask_pool<std::optional<int>>(pool, troupe::call([] { return std::optional(4); })) == 4);
  CHECK(ask_pool<std::vector<point>>(pool, troupe::call([] {
    return std::vector<point>(3);
  })).size() == 3);
  CHECK(ask_pool<std::filesystem::path>(
          pool, troupe::call([] { return std::filesystem::path("/tmp/x"); })) == "/tmp/x");
  using counts = std::map<std::string, int>;
  CHECK(ask_pool<counts>(pool, troupe::call([] { return counts{{"a", 1}}; })) == counts{{"a", 1}});
  using both = std::pair<point, bool>;
  CHECK(ask_pool<both>(pool, troupe::call([] { return both{{2, {}}, true}; })).first.x == 2);
}

TEST_CASE("a response of any type can be kept, shared and changed as every message") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  caf::message kept;
  self->request(pool.actor(), caf::infinite, troupe::call(mirrored, point{7, {}}))
    .receive([](caf::error& e) { FAIL(caf::to_string(e)); },
      any_response([&](caf::message response) { kept = std::move(response); }));
  auto copy = kept;
  REQUIRE(copy.match_elements<point>());
  copy.get_mutable_as<point>(0).x = 1;
  CHECK(kept.get_as<point>(0).x == -7);
  CHECK(copy.get_as<point>(0).x == 1);
  CHECK_FALSE(caf::to_string(kept).empty());
}

TEST_CASE("the response of a function that returns nothing is empty") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  bool came = false;
  self->request(pool.actor(), caf::infinite, troupe::call([] {}))
    .receive([&] { came = true; }, [](caf::error& e) { FAIL(caf::to_string(e)); });
  CHECK(came);
}

TEST_CASE("an event-based actor has many requests under way") {
  troupe::pool pool{rt(), {.processes = 2}};
  caf::scoped_actor self{rt().system()};
  const auto client = [](caf::event_based_actor* me, caf::actor to, caf::actor report) {
    const auto sum = std::make_shared<std::pair<int, std::int64_t>>();
    for (int i = 0; i < 1000; ++i)
      me->request(to, caf::infinite, troupe::call(square, i)).then([=](int r) {
        sum->second += r;
        if (++sum->first == 1000)
          me->send(report, sum->second);
      });
  };
  rt().system().spawn(client, pool.actor(), caf::actor(self));
  self->receive([](std::int64_t sum) { CHECK(sum == 332'833'500); });
}

TEST_CASE("options of the task stand before the call") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(ask_pool<int>(pool, troupe::task_options{.name = "nine"}, troupe::call(square, 3)) == 9);
}

TEST_CASE("a message without a request is a task as well, and its result comes as a message") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  self->send(pool.actor(), troupe::call(square, 4));
  self->receive([](int sixteen) { CHECK(sixteen == 16); });
  caf::anon_send(pool.actor(), troupe::call(square, 4));
  CHECK(ask_pool<int>(pool, troupe::call(square, 5)) == 25);
}

TEST_CASE("what a task throws is an error with its text and type, and can be thrown again") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto failing = troupe::call([]() -> int { throw tired("no more"); });
  const auto e = error_of(pool, failing);
  CHECK(e == troupe::task_error::threw);
  CHECK(e != troupe::task_error::lost);
  CHECK(troupe::message_of(e) == "no more");
  CHECK_THAT(troupe::type_of(e), ContainsSubstring("tired"));
  CHECK(troupe::compat::render(rt().system(), e) == "task_error::threw: no more");
  CHECK_THROWS_AS(troupe::rethrow(e), tired);
  CHECK_THROWS_AS(troupe::rethrow(e), troupe::proxy_exception);
  CHECK_THROWS_WITH(ask_pool<int>(pool, failing), "no more");
}

TEST_CASE("an exception that is no std::exception is an error too") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(error_of(pool, troupe::call([]() -> int { throw 7; })) == troupe::task_error::threw);
}

TEST_CASE("a task whose child dies is an error with the death in it") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto e = error_of(pool, troupe::call([] { std::abort(); }));
  CHECK(e == troupe::task_error::lost);
  try {
    troupe::rethrow(e);
  } catch (const troupe::child_lost& loss) {
    CHECK(loss.signal() == SIGABRT);
  }
}

TEST_CASE("an error without its exception is thrown with its text") {
  const auto text = [](troupe::task_error code) {
    return troupe::compat::error_with(
      code, caf::make_message(std::string("why"), std::string("type")));
  };
  CHECK_THROWS_AS(troupe::rethrow(text(troupe::task_error::threw)), troupe::remote_error);
  CHECK_THROWS_AS(troupe::rethrow(text(troupe::task_error::cancelled)), troupe::task_cancelled);
  CHECK_THROWS_AS(troupe::rethrow(text(troupe::task_error::closed)), troupe::pool_closed);
  CHECK_THROWS_AS(troupe::rethrow(text(troupe::task_error::failed)), troupe::pool_failed);
  CHECK_THROWS_WITH(troupe::rethrow(text(troupe::task_error::lost)), ContainsSubstring("why"));
  CHECK_THROWS_AS(troupe::rethrow(caf::sec::request_timeout), troupe::error);
  CHECK(troupe::message_of(caf::sec::request_timeout).empty());
}

TEST_CASE("a scheduler that throws refuses the request") {
  struct refusing : troupe::scheduler {
    void register_queue(troupe::queue_id) override {}
    void register_process(troupe::queue_id) override {}
    troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info&) override {
      throw std::length_error("full");
    }
    void complete_task(troupe::task_id) override {}
  };
  troupe::pool pool{rt(), {.processes = 1, .scheduler = std::make_shared<refusing>()}};
  const auto e = error_of(pool, troupe::call(square, 1));
  CHECK(e == troupe::task_error::rejected);
  CHECK_THROWS_AS(troupe::rethrow(e), std::length_error);
}
