// The files that are written for Perfetto.
#include "problems.hpp"
#include "read_trace.hpp"
#include "support/catch.hpp"
#include "trace/pool_trace.hpp"
#include "trace/trace_writer.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <set>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using troupe_cli::broken_problem;
using troupe_cli::pool_trace;
using troupe_cli::trace_slice;
using troupe_cli::trace_writer;

namespace {

trace_slice slice(pid_t pid, std::int64_t began, std::int64_t ran, std::string name = "task") {
  return {pid, std::move(name), "value", began, ran, {}};
}

// The lanes of the slices, in their order.
std::vector<int> lanes_of(const std::string& trace) {
  std::vector<int> lanes;
  for (const auto& one : events_of(trace, "X"))
    lanes.push_back(one.at("tid").get<int>());
  return lanes;
}

// Files are not larger than that, for as long as it lives.
class file_limit {
public:
  explicit file_limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    signal_ = ::signal(SIGXFSZ, SIG_IGN);
    auto now = before_;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  file_limit(const file_limit&) = delete;
  file_limit& operator=(const file_limit&) = delete;
  ~file_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, signal_);
  }

private:
  rlimit before_{};
  void (*signal_)(int) = SIG_DFL;
};

} // namespace

TEST_CASE("a trace is a whole JSON text at each moment after it was flushed") {
  const temporary_file file;
  trace_writer writer(file.path());
  CHECK(events_of(file.content()).empty());
  for (int i = 0; i < 3; ++i) {
    writer.slice(slice(7, i * 10, 5));
    writer.flush();
    CHECK(events_of(file.content(), "X").size() == static_cast<std::size_t>(i) + 1);
  }
  writer.slice(slice(7, 100, 5));
  writer.finish();
  CHECK(events_of(file.content(), "X").size() == 4);
}

TEST_CASE("once a second what has ended is in the file, whatever becomes of the process") {
  const temporary_file file;
  trace_writer writer(file.path());
  writer.slice(slice(7, 1'000'000, 5));
  writer.slice(slice(7, 1'500'000, 5));
  CHECK(events_of(file.content(), "X").size() == 1);
  writer.slice(slice(7, 1'600'000, 400'005));
  CHECK(events_of(file.content(), "X").size() == 3);
}

TEST_CASE("a trace without events is one") {
  const temporary_file file;
  { const trace_writer writer(file.path()); }
  const auto content = nlohmann::json::parse(file.content());
  CHECK(content.at("traceEvents").empty());
  CHECK(content.at("displayTimeUnit") == "ms");
  const auto about = content.at("otherData");
  CHECK(about.at("recorded_by") == "troupe 0.1.0");
  CHECK(about.at("began").get<std::string>().size() ==
        std::string("2026-11-29T23:17:00.000000Z").size());
  CHECK(about.at("began_at").get<std::int64_t>() <= troupe_cli::trace_time());
}

TEST_CASE("a slice has its times in microseconds, and what is said of it") {
  const temporary_file file;
  trace_writer writer(file.path());
  writer.slice(
    {42, "resize", "threw", 1'000, 250, {{"attempt", 2}, {"type", "std::out_of_range"}}});
  writer.finish();
  const auto slices = events_of(file.content(), "X");
  REQUIRE(slices.size() == 1);
  const auto& one = slices[0];
  CHECK(one.at("pid") == 42);
  CHECK(one.at("name") == "resize");
  CHECK(one.at("cat") == "threw");
  CHECK(one.at("ts") == 1'000);
  CHECK(one.at("dur") == 250);
  CHECK(one.at("args").at("attempt") == 2);
  CHECK(one.at("args").at("type") == "std::out_of_range");
}

TEST_CASE("slices of a process that overlap come on lanes of their own") {
  const temporary_file file;
  trace_writer writer(file.path());
  SECTION("one after another is one lane, also where they touch") {
    writer.slice(slice(1, 0, 10));
    writer.slice(slice(1, 10, 10));
    writer.slice(slice(1, 25, 10));
    writer.finish();
    CHECK(lanes_of(file.content()) == std::vector{1, 1, 1});
  }
  SECTION("what overlaps, and what has another inside") {
    writer.slice(slice(1, 0, 10));
    writer.slice(slice(1, 5, 10));
    writer.slice(slice(1, 12, 10));
    writer.slice(slice(1, 2, 28));
    writer.slice(slice(1, 22, 10));
    writer.finish();
    CHECK(lanes_of(file.content()) == std::vector{1, 2, 1, 3, 1});
  }
  SECTION("another process has lanes of its own") {
    writer.slice(slice(1, 0, 10));
    writer.slice(slice(2, 5, 10));
    writer.finish();
    CHECK(lanes_of(file.content()) == std::vector{1, 1});
  }
  SECTION("whatever comes, none overlaps another in its lane") {
    for (int i = 0; i < 300; ++i) {
      const std::int64_t ran = 1 + (i * 7919) % 97;
      writer.slice(slice(1, 1'000 + i * 3 - ran, ran));
    }
    writer.finish();
    const auto slices = events_of(file.content(), "X");
    CHECK(slices.size() == 300);
    check_nesting(slices);
  }
}

TEST_CASE("each lane has a name, which is written once") {
  const temporary_file file;
  trace_writer writer(file.path());
  writer.name_process(1, "pool web, slot 0", 1);
  writer.name_process(1, "pool web, slot 0", 1);
  for (int i = 0; i < 4; ++i)
    writer.slice(slice(1, 0, 10));
  writer.slice(slice(1, 20, 10));
  writer.finish();
  std::multiset<std::string> names;
  for (const auto& one : events_of(file.content(), "M"))
    names.insert(one.at("name").get<std::string>());
  CHECK(names.count("process_name") == 1);
  CHECK(names.count("process_sort_index") == 1);
  CHECK(names.count("thread_name") == 4);
}

TEST_CASE("a child that has another slot later is called so") {
  const temporary_file file;
  trace_writer writer(file.path());
  writer.name_process(1, "pool web, slot 4", 5);
  writer.name_process(1, "pool web, slot 0", 1);
  writer.finish();
  const auto names = events_of(file.content(), "M");
  CHECK(names.size() == 4);
  CHECK(names[2].at("args").at("name") == "pool web, slot 0");
}

TEST_CASE("texts may have any bytes") {
  const temporary_file file;
  trace_writer writer(file.path());
  const std::string odd = "a\"b\\c\n\x1b[2J\xff\xfe \xe2\x82\xac";
  writer.name_process(1, odd, 1);
  writer.slice({1, odd, odd, 0, 1, {{odd, odd}}});
  writer.instant(1, 5, odd);
  writer.count(1, 5, odd, 3);
  writer.finish();
  const auto slices = events_of(file.content(), "X");
  REQUIRE(slices.size() == 1);
  CHECK(slices[0].at("name") == "a\"b\\c\n\x1b[2J\xef\xbf\xbd\xef\xbf\xbd \xe2\x82\xac");
}

TEST_CASE("a counter is written where it changes, at most once a millisecond, and its last value "
          "at the end") {
  const temporary_file file;
  trace_writer writer(file.path());
  const auto count = [&](std::int64_t at, std::int64_t value) {
    writer.count(1, at, "queued", value);
  };
  count(0, 5);
  count(10, 6);
  count(2'000, 5);
  count(3'000, 7);
  count(3'500, 2);
  writer.finish();
  std::vector<int> values;
  for (const auto& one : events_of(file.content(), "C"))
    values.push_back(one.at("args").at("tasks").get<int>());
  CHECK(values == std::vector{5, 7, 2});
}

TEST_CASE("what pools say becomes slices, instants and a counter") {
  const temporary_file file;
  pool_trace trace(file.path(), 10, "program");
  trace.child_started("web", {.pool = "web", .slot = 1, .pid = 11}, 100);
  troupe::task_ended task;
  task.id = 5;
  task.items = 3;
  task.failed = 1;
  task.attempt = 2;
  task.started = true;
  task.slot = 1;
  task.pid = 11;
  task.began = std::chrono::steady_clock::time_point(1'000'900ns);
  task.ran = 200ns; // it ends in the next microsecond
  task.queued = 4;
  trace.task_ended("web", task, "resize");
  task.started = false;
  task.how = troupe::task_end::expired;
  trace.task_ended("web", task, "late");
  troupe::child_ended ended;
  ended.died = true;
  ended.exit.pid = 11;
  ended.exit.slot = 1;
  ended.exit.signal = SIGSEGV;
  trace.child_ended("web", ended, 2'000);
  trace.missed(7, 3'000);
  trace.writer().finish();

  const auto slices = events_of(file.content(), "X");
  REQUIRE(slices.size() == 1);
  CHECK(slices[0].at("pid") == 11);
  CHECK(slices[0].at("name") == "resize");
  CHECK(slices[0].at("ts") == 1'000);
  CHECK(slices[0].at("dur") == 1);
  CHECK(slices[0].at("args").dump() ==
        R"({"attempt":2,"end":"value","failed":1,"items":3,"pool":"web","task":5})");
  std::vector<std::string> instants;
  for (const auto& one : events_of(file.content(), "i"))
    instants.push_back(
      std::to_string(one.at("pid").get<int>()) + ' ' + one.at("name").get<std::string>());
  CHECK(
    instants == std::vector<std::string>{"11 started", "10 late: expired",
                  "11 died: signal 11 (SIGSEGV, Segmentation fault)", "10 7 events are missing"});
  const auto counts = events_of(file.content(), "C");
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].at("name") == "pool web: queued");
  CHECK(counts[0].at("pid") == 10);
  CHECK(counts[0].at("args").at("tasks") == 4);
}

TEST_CASE("a file that cannot be made is named") {
  CHECK_THROWS_WITH(trace_writer("/nowhere/trace.json"),
    "cannot write the trace to \"/nowhere/trace.json\": No such file or directory");
  CHECK_THROWS_WITH(
    trace_writer("/dev/full"), "cannot write the trace to \"/dev/full\": No space left on device");
}

TEST_CASE("where the disk is full the file ends as a whole JSON text before that, and it is said") {
  const temporary_file file;
  const std::string problem = "cannot write the trace to \"" + file.path() + "\": File too large";
  trace_writer writer(file.path());
  {
    const file_limit limit(200'000);
    for (int i = 0; i < 10; ++i) {
      for (int j = 0; j < 500; ++j)
        writer.slice(slice(1, i * 1'000 + j, 1));
      writer.flush();
    }
    CHECK(writer.is_broken());
    CHECK_THROWS_AS(writer.finish(), broken_problem);
  }
  CHECK_THROWS_WITH(writer.finish(), problem);
  const auto written = events_of(file.content(), "X").size();
  CHECK(written > 0);
  CHECK(written < 5'000);
  CHECK(written % 500 == 0);
}
