#include "actors/actors.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/all.hpp>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using troupe::test::down_reason;
using troupe::test::eventually;
using troupe::test::rt;
using troupe::test::square;

namespace {

// Runs until somebody writes into the pipe of that name.
int wait_for(const std::string& pipe) {
  std::ifstream in(pipe);
  int value = 0;
  in >> value;
  return value;
}

class named_pipe {
public:
  named_pipe()
    : path_(std::filesystem::temp_directory_path() /
            ("troupe-actor-test-" + std::to_string(::getpid()))) {
    ::mkfifo(path_.c_str(), 0600);
  }
  named_pipe(const named_pipe&) = delete;
  ~named_pipe() { std::filesystem::remove(path_); }

  std::string path() const { return path_.string(); }
  void write(int value) { std::ofstream(path_) << value << '\n'; }

private:
  std::filesystem::path path_;
};

asio::awaitable<void> rest() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(asio::use_awaitable);
}

} // namespace

TEST_CASE("tasks of a requester that has ended are cancelled") {
  named_pipe pipe;
  troupe::pool pool{rt(), {.processes = 1}};
  auto holding = pool.apply(wait_for, pipe.path()); // so that what is requested waits
  const auto client = [](caf::event_based_actor* self, caf::actor to) {
    for (int i = 0; i < 10; ++i)
      self->request(to, caf::infinite, troupe::call(square, i)).then([](int) {});
  };
  const auto requester = rt().system().spawn(client, pool.actor());
  REQUIRE(eventually([&] { return pool.stats().submitted == 11; }));
  caf::anon_send_exit(requester, caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return pool.stats().cancelled == 10; }));
  pipe.write(5);
  CHECK(holding.get() == 5);
  CHECK(pool.apply(square, 2).get() == 4);
}

TEST_CASE("a requester that ended before its request is looked at leaves no task behind") {
  named_pipe pipe;
  troupe::pool pool{rt(), {.processes = 1}};
  auto holding = pool.apply(wait_for, pipe.path());
  const auto hasty = [](caf::event_based_actor* self, caf::actor to) {
    self->request(to, caf::infinite, troupe::call(square, 1)).then([](int) {});
    self->quit();
  };
  for (int i = 0; i < 100; ++i)
    rt().system().spawn(hasty, pool.actor());
  CHECK(eventually([&] { return pool.stats().cancelled == 100; }));
  pipe.write(1);
  holding.get();
}

TEST_CASE("troupe::request cancels the task when its time is over") {
  named_pipe pipe;
  troupe::pool pool{rt(), {.processes = 1}};
  auto holding = pool.apply(wait_for, pipe.path());
  caf::scoped_actor self{rt().system()};
  caf::error failure;
  troupe::request(self.ptr(), pool, 20ms, troupe::call(square, 3))
    .receive([](int) { FAIL(); }, [&](caf::error& e) { failure = e; });
  // The two sides look at clocks of their own.
  CHECK((failure == troupe::task_error::timeout || failure == caf::sec::request_timeout));
  CHECK(eventually([&] { return pool.stats().cancelled == 1; }));
  pipe.write(1);
  holding.get();
  troupe::request(
    self.ptr(), pool.actor(), 1h, troupe::task_options{.name = "nine"}, troupe::call(square, 3))
    .receive([](int nine) { CHECK(nine == 9); }, [](caf::error&) { FAIL(); });
}

TEST_CASE("a task that is being run is stopped when its requester ends") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto requester = rt().system().spawn(
    [](caf::event_based_actor* self, caf::actor to) {
      self->request(to, caf::infinite, troupe::call(rest)).then([] {});
    },
    pool.actor());
  REQUIRE(eventually([&] { return pool.stats().running == 1; }));
  caf::anon_send_exit(requester, caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return pool.stats().cancelled == 1; }));
  pool.close();
  pool.join(); // nothing rests any more
}

TEST_CASE("what the options of a task forbid is an error of that code") {
  named_pipe pipe;
  troupe::pool pool{rt(), {.processes = 1, .childconcurrency = 1}};
  caf::scoped_actor self{rt().system()};
  const auto failure = [&](troupe::task_options options, auto call) {
    caf::error result;
    self->request(pool.actor(), caf::infinite, std::move(options), std::move(call))
      .receive([] {}, [&](caf::error& e) { result = e; });
    return result;
  };
  const auto late = failure({.timeout = 10ms}, troupe::call(rest));
  CHECK(late == troupe::task_error::timeout);
  CHECK_THROWS_AS(troupe::rethrow(late), troupe::task_timeout);
  CHECK(failure({.timeout = -1ms}, troupe::call(rest)) == troupe::task_error::rejected);
  auto holding = pool.apply(wait_for, pipe.path());
  CHECK(failure({.expires = 10ms}, troupe::call(rest)) == troupe::task_error::expired);
  pipe.write(1);
  holding.get();
}

TEST_CASE("a monitor of the pool's actor is told of the pool's end") {
  SECTION("drained") {
    troupe::pool pool{rt(), {.processes = 1}};
    pool.apply(square, 1).get();
    CHECK_FALSE(down_reason(pool.actor(), [&] { pool.close(); }));
  }
  SECTION("terminated") {
    troupe::pool pool{rt(), {.processes = 1}};
    CHECK(down_reason(pool.actor(), [&] { pool.terminate(); }) == caf::exit_reason::user_shutdown);
  }
  SECTION("destroyed") {
    std::optional<troupe::pool> pool(std::in_place, rt(), troupe::pool_options{.processes = 1});
    const auto actor = pool->actor();
    CHECK(down_reason(actor, [&] { pool.reset(); }) == caf::exit_reason::user_shutdown);
  }
  SECTION("failed") {
    troupe::pool_options options{.processes = 1};
    options.restart.intensity = 0;
    troupe::pool pool{rt(), options};
    const auto reason = down_reason(pool.actor(), [&] {
      pool.apply([] { asio::post(troupe::this_child::executor(), [] { std::abort(); }); }).get();
    });
    CHECK(reason == troupe::task_error::failed);
    CHECK_THROWS_AS(troupe::rethrow(reason), troupe::pool_failed);
  }
}

TEST_CASE("an actor that is linked to a pool ends when the pool is terminated") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto linked = rt().system().spawn(
    [](caf::event_based_actor* self, caf::actor to) {
      self->link_to(to);
      return caf::behavior{[](int) {}};
    },
    pool.actor());
  CHECK(down_reason(linked, [&] { pool.terminate(); }) == caf::exit_reason::user_shutdown);
}

TEST_CASE("an exit message to the pool's actor terminates the pool, a normal one does not") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::anon_send_exit(pool.actor(), caf::exit_reason::normal);
  CHECK(pool.apply(square, 3).get() == 9);
  auto resting = pool.apply(rest);
  caf::anon_send_exit(pool.actor(), caf::exit_reason::user_shutdown);
  CHECK_THROWS_AS(resting.get(), troupe::task_cancelled);
}

TEST_CASE("requests that a closed or terminated pool cannot serve are answered with an error") {
  named_pipe pipe;
  troupe::pool pool{rt(), {.processes = 1}};
  auto holding = pool.apply(wait_for, pipe.path());
  caf::scoped_actor self{rt().system()};
  const auto actor = pool.actor();
  const auto failure = [&](const troupe::typed_call<int>& call) {
    caf::error result;
    self->request(actor, caf::infinite, call)
      .receive([](int) {}, [&](caf::error& e) { result = e; });
    return result;
  };
  pool.close();
  CHECK(failure(troupe::call(square, 1)) == troupe::task_error::closed);
  pipe.write(3);
  CHECK(holding.get() == 3);
  pool.join();
  const auto after = failure(troupe::call(square, 1));
  CHECK((after == troupe::task_error::closed || after == caf::sec::request_receiver_down));
}

TEST_CASE("terminate answers the requests that are under way") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  auto request = self->request(pool.actor(), caf::infinite, troupe::call(rest));
  pool.terminate();
  caf::error failure;
  request.receive([] {}, [&](caf::error& e) { failure = e; });
  CHECK((failure == troupe::task_error::cancelled || failure == troupe::task_error::closed));
}

TEST_CASE("actors of the program that a pool answers do not run on its loop") {
  troupe::pool pool{rt(), {.processes = 1}};
  caf::scoped_actor self{rt().system()};
  const auto client = [](caf::event_based_actor* me, caf::actor to, caf::actor report) {
    me->request(to, caf::infinite, troupe::call(square, 3)).then([=](int) {
      bool may_block = true;
      try {
        troupe::detail::check_may_block("a test");
      } catch (const std::logic_error&) {
        may_block = false;
      }
      me->send(report, may_block);
    });
  };
  rt().system().spawn(client, pool.actor(), caf::actor(self));
  self->receive([](bool may_block) { CHECK(may_block); });
}
