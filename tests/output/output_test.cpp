// What children write to stdout and stderr.
#include "support/catch.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

using strings = std::vector<std::string>;

class collecting_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit collecting_sink(strings& lines)
    : lines_(lines) {}

private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    lines_.emplace_back(message.payload.data(), message.payload.size());
  }
  void flush_() override {}

  strings& lines_;
};

// What troupe tells its two loggers of output while this exists.
class listener {
public:
  listener() {
    listen("troupe.stdout", out_);
    listen("troupe.stderr", err_);
  }
  listener(const listener&) = delete;
  ~listener() {
    spdlog::drop("troupe.stdout");
    spdlog::drop("troupe.stderr");
  }

  const strings& out() const { return out_; }
  const strings& err() const { return err_; }

private:
  static void listen(const char* name, strings& lines) {
    spdlog::register_logger(
      std::make_shared<spdlog::logger>(name, std::make_shared<collecting_sink>(lines)));
  }

  strings out_;
  strings err_;
};

void write_on_both() {
  std::puts("one");
  std::cout << "two\n";
  std::fputs("three", stderr);
}

void print_text(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

void complain_and_abort(int lines) {
  for (int i = 1; i <= lines; ++i)
    std::fprintf(stderr, "complaint %d\n", i);
  std::abort();
}

void print_without_end(bool blank_lines) {
  std::string text(std::size_t{1} << 20, blank_lines ? '\n' : 'x');
  for (std::size_t i = 999; i < text.size(); i += 1000)
    text[i] = '\n';
  for (;;)
    if (::write(STDOUT_FILENO, text.data(), text.size()) < 0)
      return;
}

void complain_and_exit() {
  std::fputs("no database\n\n", stderr);
  std::_Exit(3);
}

void end(troupe::pool& pool) {
  pool.close();
  pool.join();
}

} // namespace

TEST_CASE(
  "captured output comes line by line, with the name of the pool and the slot of the child") {
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    INFO(troupe::to_string(method));
    const listener heard;
    troupe::pool pool{rt(),
      {.processes = 1, .name = "web", .start_method = method, .output = troupe::output::capture}};
    pool.apply(write_on_both).get();
    end(pool);
    CHECK(heard.out() == strings{"[web/0] one", "[web/0] two"});
    CHECK(heard.err() == strings{"[web/0] three"});
  }
}

TEST_CASE("the captured output of a process comes with its name") {
  const listener heard;
  troupe::process process{
    rt(), troupe::call(write_on_both), {.name = "import", .output = troupe::output::capture}};
  process.start();
  process.join();
  CHECK(heard.out() == strings{"[import] one", "[import] two"});
  CHECK(heard.err() == strings{"[import] three"});
}

TEST_CASE("captured output is made printable") {
  const listener heard;
  troupe::pool pool{rt(), {.processes = 1, .name = "evil\x1b", .output = troupe::output::capture}};
  pool.apply(print_text, std::string("\x1b[2Jgone \xff caf\xc3\xa9\n")).get();
  end(pool);
  CHECK(heard.out() == strings{"[evil\\x1b/0] \\x1b[2Jgone \\xff caf\xc3\xa9"});
}

TEST_CASE("a task that is lost has the last lines of its child's stderr") {
  const listener heard;
  troupe::pool pool{rt(), {.processes = 1, .output = troupe::output::capture}};
  auto lost = pool.apply(complain_and_abort, 30);
  try {
    lost.get();
    FAIL("the task is not lost");
  } catch (const troupe::child_lost& error) {
    CHECK_THAT(error.stderr_tail(), StartsWith("complaint 11\n") && EndsWith("\ncomplaint 30"));
    CHECK_THAT(error.what(), EndsWith("; its last line on stderr: complaint 30"));
  }
  CHECK(heard.err().size() == 30);
}

TEST_CASE("a pool whose children end at their start says what they wrote last") {
  const listener heard;
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call(complain_and_exit),
                            .restart = {.start_attempts = 2},
                            .output = troupe::output::capture}};
  CHECK_THROWS_WITH(pool.apply([] {}).get(), EndsWith("; its last line on stderr: no database"));
}

TEST_CASE("without capture a task that is lost has no lines of stderr") {
  troupe::pool pool{rt(), {.processes = 1}};
  auto lost = pool.apply([] { std::abort(); });
  try {
    lost.get();
    FAIL("the task is not lost");
  } catch (const troupe::child_lost& error) {
    CHECK(error.stderr_tail().empty());
  }
}

TEST_CASE("a child that prints without end holds up no other, and stops when it is told to") {
  const listener heard;
  troupe::pool pool{rt(), {.processes = 2, .output = troupe::output::capture, .cancel_grace = 0ms}};
  // Blank lines are the most work for the least bytes.
  const bool blank = GENERATE(true, false);
  auto loud = pool.apply(print_without_end, blank);
  REQUIRE(eventually([&] {
    for (int i = 0; i < 10; ++i)
      pool.apply([] {}).get();
    std::size_t lines = 0;
    rt().run([&]() -> boost::asio::awaitable<void> { // on the thread that hears them
      lines = heard.out().size();
      co_return;
    });
    return lines > 10'000;
  }));
  loud.cancel();
  CHECK_THROWS_AS(loud.get(), troupe::task_cancelled);
  end(pool);
}

TEST_CASE("a pool with captured output leaves nothing behind") {
  const listener heard;
  const auto run_pool = [] {
    troupe::pool pool{rt(), {.processes = 2, .output = troupe::output::capture}};
    pool.apply(write_on_both).get();
    end(pool);
  };
  run_pool(); // what is made once for all pools stays
  const auto before = footprint::of_this_process();
  for (int i = 0; i < 3; ++i)
    run_pool();
  CHECK(eventually([&] { return !footprint::of_this_process().exceeds(before); }));
}

TEST_CASE("a program that registers no loggers has captured output on its own streams") {
  piped_program program(LOUD_PARENT, {"loud_parent"});
  CHECK(program.read_until("") == "[loud/0] to stdout\n");
  CHECK(program.wait() == 0);
}
