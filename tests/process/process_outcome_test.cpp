// How a `process` comes out: exit codes, errors, its initializer and its limits of time.
#include "process/process_functions.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <boost/asio/awaitable.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

void raise_signal(int number) {
  ::raise(number);
}

void throws(std::string text) {
  throw std::out_of_range(text);
}

int initialized_with = 0;

void initialize(int value) {
  initialized_with = value;
}

void exit_with_initialized() {
  std::exit(initialized_with);
}

asio::awaitable<void> coroutine_initializer() {
  co_return;
}

void write_file(std::string path) {
  std::ofstream(path) << "finalized";
}

// Where the log goes while this lives.
class captured_log {
public:
  captured_log() {
    before_ = spdlog::get("troupe");
    spdlog::drop("troupe");
    spdlog::register_logger(std::make_shared<spdlog::logger>(
      "troupe", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_, true)));
  }
  captured_log(const captured_log&) = delete;
  ~captured_log() {
    spdlog::drop("troupe");
    if (before_)
      spdlog::register_logger(before_);
  }
  // Of processes that have been joined: they log before that.
  std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

} // namespace

// -- a plain process that fails --------------------------------------------------------------------------

TEST_CASE("a process whose function throws has exit code 1, and the error is logged, escaped") {
  const captured_log log;
  troupe::process p{rt(), troupe::call(throws, "no \x1b[31m such item"), {.name = "thrower"}};
  p.start();
  p.join();
  CHECK(p.exit_code() == 1);
  CHECK_THAT(log.text(), ContainsSubstring("thrower (pid " + std::to_string(p.pid()) + ")"));
  CHECK_THAT(log.text(), ContainsSubstring("std::out_of_range: no \\x1b[31m such item"));
}

TEST_CASE("a process that its user ends is no error to log") {
  const captured_log log;
  troupe::process p{rt(), troupe::call(sleep_long)};
  p.start();
  p.terminate();
  p.join();
  CHECK(log.text().empty());
}

// -- exit codes ------------------------------------------------------------------------------------------

TEST_CASE("what the function passes to exit is the exit code, and a signal is one below zero") {
  const auto exit_code_of = [](troupe::bound_call call) {
    troupe::process p{rt(), std::move(call)};
    p.start();
    p.join();
    return p.exit_code();
  };
  CHECK(exit_code_of(troupe::call(exit_with, 7)) == 7);
  CHECK(exit_code_of(troupe::call(exit_with, 0)) == 0);
  CHECK(exit_code_of(troupe::call(raise_signal, SIGKILL)) == -SIGKILL);
  CHECK(exit_code_of(troupe::call(raise_signal, SIGSEGV)) == -SIGSEGV);
}

// -- initializer and finalizer ---------------------------------------------------------------------------

TEST_CASE(
  "the initializer of a process runs in its child before the call, the finalizer after it") {
  const auto path = "/tmp/troupe-finalized-" + std::to_string(::getpid());
  troupe::process p{
    rt(), troupe::call(exit_with_initialized), {.initializer = troupe::call(initialize, 10)}};
  p.start();
  p.join();
  CHECK(p.exit_code() == 10);
  troupe::process finalized{
    rt(), troupe::call(do_nothing), {.finalizer = troupe::call(write_file, path)}};
  finalized.start();
  finalized.join();
  CHECK(std::ifstream(path).good());
  ::unlink(path.c_str());
  CHECK(initialized_with == 0); // in this process
}

TEST_CASE("an initializer that throws fails the start of a process with its error") {
  troupe::process p{
    rt(), troupe::call(do_nothing), {.initializer = troupe::call(throws, "not today")}};
  p.start();
  CHECK_THROWS_WITH(p.join(), ContainsSubstring("could not be started: std::out_of_range: not"));
  try {
    p.join();
  } catch (const troupe::start_failed& e) {
    CHECK_THROWS_AS(std::rethrow_if_nested(e), std::out_of_range);
  }
  CHECK(p.exit_code() == 1);
}

TEST_CASE("a process whose initializer does not return is killed after the start timeout") {
  troupe::process p{rt(), troupe::call(do_nothing),
    {.initializer = troupe::call(sleep_long), .start_timeout = 50ms}};
  p.start();
  CHECK_THROWS_WITH(p.join(), ContainsSubstring("start timeout of 50 ms"));
  CHECK_THROWS_AS(p.join(), troupe::start_failed);
  CHECK(p.exit_code() == -SIGKILL);
}

TEST_CASE("a process whose finalizer does not return is killed after the shutdown timeout") {
  const captured_log log;
  troupe::process p{rt(), troupe::call(do_nothing),
    {.finalizer = troupe::call(sleep_long), .shutdown_timeout = 50ms}};
  p.start();
  p.join();
  CHECK(p.exit_code() == -SIGKILL);
  CHECK_THAT(log.text(), ContainsSubstring("shutdown timeout of 50 ms"));
}

TEST_CASE("options of a process that cannot be are refused at construction") {
  const auto with = [](troupe::process_options options) {
    return troupe::process(rt(), troupe::call(do_nothing), std::move(options));
  };
  CHECK_THROWS_WITH(with({.initializer = troupe::call(coroutine_initializer)}),
    ContainsSubstring("process option initializer must be a plain function"));
  CHECK_THROWS_AS(with({.finalizer = troupe::call(coroutine_initializer)}), std::invalid_argument);
  CHECK_THROWS_WITH(with({.start_timeout = 0ms}),
    "process option start_timeout is 0 ms, but must be 1 ms to 86400000 ms");
  CHECK_THROWS_AS(with({.shutdown_timeout = -1ms}), std::invalid_argument);
  CHECK_THROWS_WITH(
    troupe::process(rt(), troupe::bound_call{}), ContainsSubstring("has no call to run"));
}

// -- leaving nothing behind -----------------------------------------------------------------------------

TEST_CASE("processes leave nothing behind") {
  const auto run = [](troupe::bound_call call, bool kill) {
    troupe::process p{rt(), std::move(call)};
    p.start();
    if (kill)
      p.kill();
    p.join();
  };
  run(troupe::call(do_nothing), false); // warm-up
  const auto before = footprint::of_this_process();
  for (int i = 0; i < 5; ++i) {
    run(troupe::call(do_nothing), false);
    run(troupe::call(exit_with, 3), false);
    run(troupe::call(sleep_long), true);
    const troupe::process never_started{rt(), troupe::call(do_nothing)};
  }
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

// UndefinedBehaviorSanitizer opens a pipe to look whether an object's memory is readable, so without
// descriptors it takes every object for a broken one.
#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a process that cannot be launched fails its start, and the next one works") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  troupe::process p{rt(), troupe::call(do_nothing)};
  rlimit tight = before;
  tight.rlim_cur = open_descriptors(::getpid());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  CHECK_THROWS_AS(p.start(), troupe::start_failed);
  CHECK_THROWS_WITH(p.join(), ContainsSubstring(p.name()));
  CHECK_FALSE(p.is_alive());
  CHECK_FALSE(p.exit_code().has_value());
  troupe::process awaited{rt(), troupe::call(do_nothing)};
  rt().run([&]() -> asio::awaitable<void> {
    bool failed = false;
    try {
      co_await awaited;
    } catch (const troupe::start_failed&) {
      failed = true;
    }
    CHECK(failed);
  });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  troupe::process next{rt(), troupe::call(do_nothing)};
  next.start();
  next.join();
  CHECK(next.exit_code() == 0);
}
#endif
