// Actors as they are written for CAF 1.x: made of their state, which talk by `mail` and monitor with a function.
#include "actors/actors.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"

#include <csignal>
#include <optional>
#include <stdexcept>
#include <variant>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

// Adds up what it is sent, on top of what it starts with.
struct summing {
  explicit summing(caf::event_based_actor* selfptr, int start)
    : self(selfptr)
    , sum(start) {}

  caf::behavior make_behavior() {
    return {
      [this](const add& message) { return sum += message.by; },
      [this](const quit_with&) { self->quit(caf::exit_reason::user_shutdown); },
      [](const get_pid&) { return static_cast<int>(::getpid()); },
    };
  }

  static constexpr const char* name = "summing";
  caf::event_based_actor* self;
  int sum;
};

// A state that does not want to know its actor.
struct greeting {
  explicit greeting(std::string with)
    : words(std::move(with)) {}
  caf::behavior make_behavior() {
    return {[this](const std::string& whom) { return words + whom; }};
  }
  std::string words;
};

// Asks `whom` to add, by mail, and answers with its answer.
struct asking_by_mail {
  explicit asking_by_mail(caf::event_based_actor* selfptr)
    : self(selfptr) {}
  caf::behavior make_behavior() {
    return {[this](const caf::actor& whom, int by) {
      auto promise = self->make_response_promise<int>();
      self->mail(add{by})
        .request(whom, caf::infinite)
        .then([promise](int sum) mutable { promise.deliver(sum); },
          [promise](const caf::error& why) mutable { promise.deliver(why); });
      return promise;
    }};
  }
  caf::event_based_actor* self;
};

// Tells `report` how `watched` ends, from its answer on.
struct watching {
  explicit watching(caf::event_based_actor* selfptr)
    : self(selfptr) {}
  caf::behavior make_behavior() {
    return {[this](const caf::actor& watched, const caf::actor& report) {
      self->monitor(
        watched, [this, report](const caf::error& why) { self->mail(why).send(report); });
      return true;
    }};
  }
  caf::event_based_actor* self;
};

// Asks the pool and sends the value, or the error, to `report`.
template <class Time>
void ask_pool(
  const troupe::pool& pool, Time time, troupe::typed_call<int> call, const caf::actor& report) {
  rt().system().spawn([=, pool = pool.actor()](caf::event_based_actor* self) {
    self->mail(call)
      .request(pool, time)
      .then([=](int value) { self->mail(value).send(report); },
        [=](const caf::error& why) { self->mail(why).send(report); });
  });
}

std::variant<int, caf::error> received(caf::scoped_actor& self) {
  std::variant<int, caf::error> result;
  self->receive([&](int value) { result = value; }, [&](const caf::error& why) { result = why; });
  return result;
}

} // namespace

TEST_CASE("an actor that is made of its state lives in a child") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(caf::actor_from_state<summing>, 5);
  CHECK(ask<int>(hosted, add{2}) == 7);
  CHECK(ask<int>(hosted, add{3}) == 10);
  CHECK(ask<int>(hosted, get_pid{}) == pool.apply(::getpid).get());
  const auto other = pool.spawn(caf::actor_from_state<greeting>, "hello ");
  CHECK(ask<std::string>(other, std::string("Ada")) == "hello Ada");
}

TEST_CASE("options stand before an actor that is made of its state") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted =
    pool.spawn(troupe::actor_options{.restart = troupe::restart_policy::permanent},
      caf::actor_from_state<summing>, 1);
  const int before = ask<int>(hosted, get_pid{});
  ::kill(before, SIGKILL);
  CHECK(eventually([&] {
    try {
      return ask<int>(hosted, get_pid{}) != before;
    } catch (const troupe::error&) {
      return false;
    }
  }));
  CHECK(ask<int>(hosted, add{1}) == 2);
}

TEST_CASE("an actor in a child asks one of another child by mail") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto sums = pool.spawn(caf::actor_from_state<summing>, 1);
  const auto asks = pool.spawn(caf::actor_from_state<asking_by_mail>);
  CHECK(ask<int>(asks, sums, 4) == 5);
}

TEST_CASE("a monitor with a function hears of the end of an actor in a child") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(caf::actor_from_state<summing>, 0);
  caf::scoped_actor self{rt().system()};
  const auto here = rt().system().spawn(caf::actor_from_state<watching>);
  REQUIRE(ask<bool>(here, hosted, caf::actor(self)));
  SECTION("that quits") {
    caf::anon_mail(quit_with{}).send(hosted);
    CHECK(std::get<caf::error>(received(self)) == caf::exit_reason::user_shutdown);
  }
  SECTION("whose process dies") {
    ::kill(ask<int>(hosted, get_pid{}), SIGKILL);
    CHECK(std::get<caf::error>(received(self)) == troupe::task_error::lost);
  }
}

TEST_CASE("an actor in a child monitors one of the parent, with a function") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto watched = rt().system().spawn(caf::actor_from_state<summing>, 0);
  caf::scoped_actor self{rt().system()};
  const auto hosted = pool.spawn(caf::actor_from_state<watching>);
  REQUIRE(ask<bool>(hosted, watched, caf::actor(self)));
  caf::anon_mail(quit_with{}).send(watched);
  CHECK(std::get<caf::error>(received(self)) == caf::exit_reason::user_shutdown);
}

TEST_CASE("a task is requested of the pool's actor by mail") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  ask_pool(pool, caf::infinite, troupe::call(square, 7), caf::actor(self));
  CHECK(std::get<int>(received(self)) == 49);
  ask_pool(
    pool, 1h, troupe::call([]() -> int { throw std::out_of_range("far"); }), caf::actor(self));
  const auto failed = std::get<caf::error>(received(self));
  CHECK(failed == troupe::task_error::threw);
  CHECK(troupe::message_of(failed) == "far");
}

TEST_CASE("a task that is requested by mail may take longer than its requester waits") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  ask_pool(pool, 10ms, troupe::call([] { return ::pause(); }), caf::actor(self));
  CHECK(std::get<caf::error>(received(self)) == caf::sec::request_timeout);
  pool.terminate();
}

TEST_CASE("a task that troupe::request asks for ends with the request") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  rt().system().spawn([&pool, report = caf::actor(self)](caf::event_based_actor* asker) {
    troupe::request(asker, pool, 10ms, troupe::call([] { return ::pause(); }))
      .then([=](int value) { asker->mail(value).send(report); },
        [=](const caf::error& why) { asker->mail(why).send(report); });
  });
  const auto why = std::get<caf::error>(received(self));
  CHECK((why == troupe::task_error::timeout || why == caf::sec::request_timeout));
}
