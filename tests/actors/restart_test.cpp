#include "actors/actors.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include <csignal>

using namespace troupe::test;
using troupe::actor_options;
using troupe::restart_policy;

namespace {

pid_t pid_of(const caf::actor& hosted) {
  return ask<int>(hosted, get_pid{});
}

} // namespace

TEST_CASE("kill -9 of the child ends the handle of a temporary actor") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn<counter>(0, "");
  const auto child = pid_of(hosted);
  const auto reason = down_reason(hosted, [&] { ::kill(child, SIGKILL); });
  CHECK(reason == troupe::task_error::lost);
  CHECK_THAT(troupe::message_of(reason), ContainsSubstring("signal 9"));
  CHECK(pool.apply(::getpid).get() != child);
}

TEST_CASE("the successor of a permanent actor answers behind the same handle, in a new child") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted = pool.spawn<counter>(
    actor_options{.restart = restart_policy::permanent, .name = "count"}, 7, "");
  CHECK(ask<int>(hosted, add{1}) == 8);
  const auto child = pid_of(hosted);
  SECTION("killed from outside") {
    ::kill(child, SIGKILL);
  }
  SECTION("ended by itself") {
    caf::anon_send(hosted, die{});
  }
  REQUIRE(eventually([&] { return state_of(child).empty(); }));
  CHECK(eventually([&] {
    try {
      return ask<int>(hosted, get_count{}) == 7; // a new one, with the old arguments
    } catch (const troupe::error&) {
      return false; // it was in the old child
    }
  }));
  CHECK(pid_of(hosted) != child);
}

TEST_CASE("a permanent actor that quits is started again in its child") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted =
    pool.spawn<counter>(actor_options{.restart = restart_policy::permanent}, 7, "");
  const auto child = pid_of(hosted);
  CHECK(ask<int>(hosted, add{1}) == 8);
  caf::anon_send(hosted, quit_with{0});
  CHECK(eventually([&] {
    try {
      return ask<int>(hosted, get_count{}) == 7;
    } catch (const troupe::error&) {
      return false;
    }
  }));
  CHECK(pid_of(hosted) == child);
}

TEST_CASE("a transient actor is started again after a death, and not after it has quit") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted =
    pool.spawn<counter>(actor_options{.restart = restart_policy::transient}, 7, "");
  const auto child = pid_of(hosted);
  ::kill(child, SIGKILL);
  CHECK(eventually([&] {
    try {
      return pid_of(hosted) != child;
    } catch (const troupe::error&) {
      return false;
    }
  }));
  CHECK_FALSE(down_reason(hosted, [&] { caf::anon_send(hosted, quit_with{0}); }));
}

TEST_CASE("a request to an actor that dies before it answers is answered with the error") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto policy = GENERATE(restart_policy::temporary, restart_policy::permanent);
  const auto hosted = pool.spawn<counter>(actor_options{.restart = policy}, 0, "");
  CHECK(ask<int>(hosted, get_count{}) == 0);
  caf::scoped_actor self{rt().system()};
  caf::error failure;
  self->request(hosted, caf::infinite, die{}).receive([] {}, [&](caf::error& e) { failure = e; });
  CHECK(failure == troupe::task_error::lost);
}

TEST_CASE("an actor that ends again and again is given up") {
  troupe::pool_options options{.processes = 1};
  options.restart.intensity = 3;
  troupe::pool pool{rt(), options};
  const auto hosted =
    pool.spawn(actor_options{.restart = restart_policy::permanent, .name = "short"},
      [](caf::event_based_actor* self) { self->quit(caf::exit_reason::out_of_workers); });
  const auto reason = down_reason(hosted, [] {});
  CHECK(reason == troupe::task_error::failed);
  CHECK_THAT(troupe::message_of(reason), ContainsSubstring("actor short ended more than 3 times"));
  CHECK(pool.apply([] { return 1; }).get() == 1);
}

TEST_CASE("the reason kill ends a permanent actor for good") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto hosted =
    pool.spawn<counter>(actor_options{.restart = restart_policy::permanent}, 0, "");
  CHECK(ask<int>(hosted, get_count{}) == 0);
  CHECK(down_reason(hosted, [&] { caf::anon_send_exit(hosted, caf::exit_reason::kill); }) ==
        caf::exit_reason::kill);
}
