#include "actors/actors.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include <poll.h>
#include <unistd.h>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct tally {
  int sum = 0;
  static constexpr const char* name = "tally";
};

caf::behavior tallying(caf::stateful_actor<tally>* self, int start) {
  state_of(self).sum = start;
  return {
    [self](int x) { return state_of(self).sum += x; },
  };
}

// Asks another actor for each number, and answers with its answer.
caf::behavior asking(caf::event_based_actor* self) {
  return {
    [self](const caf::actor& whom, int x) {
      auto promise = self->make_response_promise<int>();
      self->request(whom, caf::infinite, x)
        .then([promise](int y) mutable { promise.deliver(y); },
          [promise](caf::error& e) mutable { promise.deliver(e); });
      return promise;
    },
    [](const get_pid&) { return static_cast<int>(::getpid()); },
  };
}

caf::behavior echoing() {
  return {
    [](std::string& text) { return std::move(text); },
    [](std::vector<char>& data) { return std::move(data); },
  };
}

// Prints with CAF, and answers with what has come to the standard output of its process.
caf::behavior printing(caf::event_based_actor* self) {
  return {
    [self](const std::string& text) {
      int ends[2];
      if (::pipe(ends) != 0 || ::dup2(ends[1], STDOUT_FILENO) < 0)
        throw std::runtime_error("no pipe");
      std::setvbuf(stdout, nullptr, _IOLBF, 0); // also if it has been a terminal
      caf::aout(self) << text << std::endl;
      pollfd readable{ends[0], POLLIN, 0};
      char printed[100];
      const auto size =
        ::poll(&readable, 1, 60'000) == 1 ? ::read(ends[0], printed, sizeof printed) : 0;
      return std::string(printed, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    },
  };
}

pid_t pid_of(const caf::actor& hosted) {
  return ask<int>(hosted, get_pid{});
}

} // namespace

TEST_CASE("an actor in a child keeps its state between messages") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn<counter>(5, "a");
  CHECK(ask<int>(hosted, add{2}) == 7);
  CHECK(ask<int>(hosted, add{3}) == 10);
  CHECK(ask<int>(hosted, get_count{}) == 10);
  CHECK(pid_of(hosted) != ::getpid());
  CHECK(pid_of(hosted) == pool.apply(::getpid).get());
}

TEST_CASE("functions and lambdas make actors in children as classes do") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto stateful = pool.spawn(tallying, 10);
  CHECK(ask<int>(stateful, 1) == 11);
  CHECK(ask<int>(stateful, 1) == 12);
  CHECK(ask<std::string>(pool.spawn(echoing), std::string("x")) == "x");
  const auto lambda = pool.spawn(
    [](caf::event_based_actor*, const std::string& prefix) {
      return caf::behavior{[prefix](const std::string& text) { return prefix + text; }};
    },
    "<");
  CHECK(ask<std::string>(lambda, std::string("y")) == "<y");
}

TEST_CASE("an actor in a child asks actors of the parent, and is asked by them") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(asking);
  const auto doubling =
    rt().system().spawn([] { return caf::behavior{[](int x) { return 2 * x; }}; });
  CHECK(ask<int>(hosted, doubling, 21) == 42);
  for (int i = 0; i < 100; ++i)
    REQUIRE(ask<int>(hosted, doubling, i) == 2 * i);
}

TEST_CASE("a handle inside a message can be sent to") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn<counter>(1, "item: ");
  caf::scoped_actor self{rt().system()};
  self->send(hosted, order{"tea", {2, 3}, caf::actor(self)});
  self->receive([](const std::string& text, int sum) {
    CHECK(text == "item: tea");
    CHECK(sum == 6);
  });
}

TEST_CASE("what an actor in a child prints with CAF's aout comes out") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(ask<std::string>(pool.spawn(printing), std::string("100% printed")) == "100% printed\n");
}

TEST_CASE("actors of different children talk to each other") {
  troupe::pool pool{rt(), {.processes = 2}};
  const auto one = pool.spawn(asking);
  const auto other = pool.spawn(tallying, 0);
  CHECK(ask<int>(one, other, 5) == 5);
  CHECK(ask<int>(one, other, 6) == 11);
}

TEST_CASE("messages larger than the ring arrive whole, in both directions") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(echoing);
  std::vector<char> data(3'000'000);
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<char>(i * 31);
  CHECK(ask<std::vector<char>>(hosted, data) == data);
}

TEST_CASE("messages of one sender arrive in their order, and none is lost") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(tallying, 0);
  caf::scoped_actor self{rt().system()};
  for (int i = 1; i <= 20'000; ++i)
    self->send(hosted, 1);
  for (int i = 1; i <= 20'000; ++i)
    self->receive([&](int sum) { REQUIRE(sum == i); });
}

TEST_CASE("actors are spread over the children") {
  troupe::pool pool{rt(), {.processes = 4}};
  REQUIRE(eventually([&] { // until all children are there
    auto pids = pool.map(
      [](int) {
        ::usleep(1000);
        return ::getpid();
      },
      std::vector<int>(16));
    const auto all = pids.get();
    return std::set<pid_t>(all.begin(), all.end()).size() == 4;
  }));
  std::vector<caf::actor> hosted;
  std::map<pid_t, int> per_child;
  for (int i = 0; i < 12; ++i) {
    hosted.push_back(pool.spawn<counter>(i, ""));
    ++per_child[pid_of(hosted.back())];
  }
  CHECK(per_child.size() == 4);
  for (const auto& [child, actors] : per_child)
    CHECK(actors == 3);
  for (int i = 0; i < 12; ++i)
    CHECK(ask<int>(hosted[static_cast<std::size_t>(i)], get_count{}) == i);
}

TEST_CASE("an actor that quits sends its reason to those that monitor its handle") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto one = pool.spawn<counter>(0, "");
  CHECK_FALSE(down_reason(one, [&] { caf::anon_send(one, quit_with{0}); }));
  const auto other = pool.spawn<counter>(0, "");
  CHECK(down_reason(other, [&] {
    caf::anon_send(other, quit_with{static_cast<std::uint8_t>(caf::exit_reason::user_shutdown)});
  }) == caf::exit_reason::user_shutdown);
  CHECK_THROWS_AS(ask<int>(other, get_count{}), troupe::error);
}

TEST_CASE("an exit message to the handle ends the actor") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn<counter>(0, "");
  CHECK(ask<int>(hosted, get_count{}) == 0);
  CHECK(down_reason(hosted, [&] {
    caf::anon_send_exit(hosted, caf::exit_reason::user_shutdown);
  }) == caf::exit_reason::user_shutdown);
}

TEST_CASE("an actor that cannot be made ends its handle with what was thrown") {
  troupe::pool pool{rt(), {.processes = 1}};
  class unwilling : public caf::event_based_actor {
  public:
    explicit unwilling(caf::actor_config& config)
      : caf::event_based_actor(config) {
      throw std::domain_error("never");
    }
  };
  const auto reason = down_reason(pool.spawn<unwilling>(), [] {});
  CHECK(reason == troupe::task_error::threw);
  CHECK_THROWS_AS(troupe::rethrow(reason), std::domain_error);
}

TEST_CASE("a message of a type that is not registered is answered with an error") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(echoing);
  caf::scoped_actor self{rt().system()};
  caf::error failure;
  self->request(hosted, caf::infinite, unknown_message())
    .receive([](const std::string&) {}, [&](caf::error& e) { failure = e; });
  CHECK(failure == unknown_message_error);
  CHECK(ask<std::string>(hosted, std::string("still there")) == "still there");
}

TEST_CASE("an error of the parent's reaches an actor in a child, and comes back from it") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn(asking);
  const auto pool_actor = pool.actor();
  const auto failing = rt().system().spawn([pool_actor](caf::event_based_actor* self) {
    return caf::behavior{[self, pool_actor](int) {
      return self->delegate(
        pool_actor, troupe::call([]() -> int { throw std::range_error("far"); }));
    }};
  });
  caf::scoped_actor self{rt().system()};
  caf::error failure;
  self->request(hosted, caf::infinite, failing, 1)
    .receive([](int) {}, [&](caf::error& e) { failure = e; });
  CHECK(failure == troupe::task_error::threw);
  CHECK(troupe::message_of(failure) == "far");
  CHECK_THROWS_AS(troupe::rethrow(failure), troupe::remote_error); // the exception stayed behind
}

TEST_CASE("a pool that ends shuts its actors down") {
  SECTION("terminated") {
    troupe::pool pool{rt(), {.processes = 2}};
    const auto hosted = pool.spawn<counter>(0, "");
    const auto permanent = pool.spawn<counter>(
      troupe::actor_options{.restart = troupe::restart_policy::permanent}, 0, "");
    ask<int>(hosted, get_count{});
    ask<int>(permanent, get_count{});
    CHECK(down_reason(hosted, [&] { pool.terminate(); }) == caf::exit_reason::user_shutdown);
    CHECK(down_reason(permanent, [] {}) == caf::exit_reason::user_shutdown);
  }
  SECTION("closed") {
    troupe::pool pool{rt(), {.processes = 1}};
    const auto hosted = pool.spawn<counter>(0, "");
    ask<int>(hosted, get_count{});
    CHECK(down_reason(hosted, [&] { pool.close(); }) == caf::exit_reason::user_shutdown);
    CHECK_THROWS_AS(pool.spawn<counter>(0, ""), troupe::pool_closed);
  }
  SECTION("destroyed before the actor has started") {
    std::optional<troupe::pool> pool(std::in_place, rt(), troupe::pool_options{.processes = 1});
    const auto hosted = pool->spawn<counter>(0, "");
    CHECK(down_reason(hosted, [&] { pool.reset(); }) == caf::exit_reason::user_shutdown);
  }
}

TEST_CASE("an idle pool with actors in it makes no wake-ups") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn<counter>(0, "");
  const auto child = pid_of(hosted);
  // Quiet once two looks in a row see the same; what would wake it regularly would never let that be.
  CHECK(eventually([&] {
    const auto before = voluntary_context_switches(child);
    std::this_thread::sleep_for(300ms);
    return voluntary_context_switches(child) == before;
  }));
}
