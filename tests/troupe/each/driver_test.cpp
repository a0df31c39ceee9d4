// The driver with tasks that are only pretended: the test says how each attempt ends.
#include "each/driver.hpp"
#include "problems.hpp"
#include "support/catch.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <set>
#include <utility>

using namespace troupe_cli;

namespace {

class pretended_work : public work {
public:
  void set_up(troupe::pool_options&) const override {}
  troupe::task_future<input_end> begin(troupe::pool&, const input_job&) const override {
    return {};
  }
  std::string line(const input& what) const override { return what.text; }
  std::string key(const input& what) const override { return what.text; }
};

input_end ended(int exit_code, std::chrono::milliseconds time = std::chrono::seconds(1)) {
  input_end end;
  end.end.wall_time = time;
  end.end.exit_code = exit_code;
  return end;
}

/// A run in which `on_begin` is told of each attempt, and pushes ends.
struct pretended_run {
  each_options options{.quiet = true};
  event_queue events;
  std::vector<std::string> begun;
  std::set<std::uint64_t> running;
  std::size_t most_running = 0;
  std::size_t jobs = 2;
  std::size_t free_memory = 0;
  std::function<void(std::uint64_t ticket, const input_job& job)> on_begin;
  std::function<void()> on_cancelled = [] {};

  void push(std::uint64_t ticket, int exit_code) {
    running.erase(ticket);
    events.push({ticket, {}, ended(exit_code)});
  }
  void push_failure(std::uint64_t ticket, std::exception_ptr failure) {
    running.erase(ticket);
    events.push({ticket, std::move(failure), {}});
  }

  run_result run(std::vector<std::string> inputs) {
    input_reader reader(std::move(inputs));
    const pretended_work task;
    output_writer outputs({.before = [] {}});
    progress_screen screen(true);
    driver all({.options = options,
      .task = task,
      .events = events,
      .inputs = reader,
      .journal = nullptr,
      .outputs = outputs,
      .screen = screen,
      .jobs = jobs,
      .place = "/the/place",
      .begin =
        [this](std::uint64_t ticket, const input_job& job) {
          begun.push_back(job.what.text);
          running.insert(ticket);
          most_running = std::max(most_running, running.size());
          on_begin(ticket, job);
        },
      .end =
        [this](std::uint64_t ticket) {
          push_failure(ticket, std::make_exception_ptr(troupe::task_cancelled("x")));
          on_cancelled();
        },
      .end_all = [] {},
      .machine = {[] { return std::optional(0.0); },
        [this] { return std::optional(free_memory); }}});
    return all.run();
  }
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("no more run at once than were asked for, and each input once") {
  pretended_run run;
  run.on_begin = [&](std::uint64_t ticket, const input_job&) { run.push(ticket, 0); };
  const auto result = run.run({"a", "b", "c", "d", "e"});
  CHECK(run.begun == texts{"a", "b", "c", "d", "e"});
  CHECK(run.most_running <= 2);
  CHECK(result.failed == 0);
  CHECK_FALSE(result.stopped);
}

TEST_CASE(
  "quick commands are sent before there is room for them, and again where there was none in time") {
  pretended_run run;
  run.jobs = 1;
  bool refused = false;
  run.on_begin = [&](std::uint64_t ticket, const input_job& job) {
    auto end = ended(0, std::chrono::milliseconds(0));
    end.begun = job.what.text != "99" || std::exchange(refused, true);
    run.events.push({ticket, {}, end});
  };
  std::vector<std::string> inputs;
  for (int i = 0; i < 200; ++i)
    inputs.push_back(std::to_string(i));
  CHECK(run.run(inputs).failed == 0);
  CHECK(run.begun.size() == 201);
  CHECK(refused);
}

TEST_CASE("without memory the youngest is ended, and runs again when the other has ended") {
  pretended_run run;
  run.options.memfree = 100;
  run.free_memory = 200;
  std::uint64_t first = 0;
  run.on_begin = [&](std::uint64_t ticket, const input_job& job) {
    if (job.what.text == "a") {
      first = ticket;
    } else if (run.begun.size() == 2) { // the other runs as well: now memory ends
      run.free_memory = 10;
    } else {
      run.push(ticket, 0);
    }
  };
  run.on_cancelled = [&] {
    run.free_memory = 200;
    run.push(first, 0);
  };
  const auto result = run.run({"a", "b"});
  CHECK(run.begun == texts{"a", "b", "b"});
  CHECK(result.failed == 0);
}

TEST_CASE("a child that died is a failure of its inputs, and a pool that failed is the end") {
  pretended_run lost;
  lost.options.retries = retry_rules::parse("lost=1");
  lost.on_begin = [&](std::uint64_t ticket, const input_job& job) {
    const troupe::child_exit how{};
    if (job.attempt == 1)
      lost.push_failure(
        ticket, std::make_exception_ptr(troupe::child_lost(ticket, how, true, {ticket})));
    else
      lost.push(ticket, 0);
  };
  CHECK(lost.run({"a"}).failed == 0);
  CHECK(lost.begun == texts{"a", "a"});

  pretended_run failed;
  failed.on_begin = [&](std::uint64_t ticket, const input_job&) {
    failed.push_failure(ticket, std::make_exception_ptr(troupe::pool_failed("no children")));
  };
  CHECK_THROWS_WITH(failed.run({"a"}), "no children");
}

TEST_CASE("a full disk ends the run, and is named with what the command said") {
  pretended_run run;
  run.on_begin = [&](std::uint64_t ticket, const input_job&) {
    auto end = ended(1);
    end.disk_full = true;
    run.events.push({ticket, {}, end});
  };
  CHECK_THROWS_WITH(run.run({"a"}), "\"/the/place\" is on a disk that is full, and the output of "
                                    "input 1 \"a\" is not complete (exit "
                                    "code 1); --spool names another place");
}

TEST_CASE("a run that is halted starts nothing more, and says that inputs are left") {
  pretended_run run;
  run.jobs = 1;
  run.options.halt = halt_rule::parse("soon,fail=1");
  run.on_begin = [&](std::uint64_t ticket, const input_job&) { run.push(ticket, 1); };
  const auto result = run.run({"a", "b"});
  CHECK(run.begun == texts{"a"});
  CHECK(result.stopped);
  CHECK(result.failed == 1);

  pretended_run last;
  last.options.halt = run.options.halt;
  last.on_begin = [&](std::uint64_t ticket, const input_job&) { last.push(ticket, 1); };
  CHECK_FALSE(last.run({"a"}).stopped); // there was nothing left to stop
}
