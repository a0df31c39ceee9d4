#include "books/progress.hpp"
#include "books/summary.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace std::chrono_literals;
using books::progress;
using books::progress_meter;
using books::progress_style;

namespace {

const progress_meter::time_point start{1h};

progress at(std::size_t done, std::size_t failed = 0) {
  return {.label = "books", .total = 1000, .done = done, .failed = failed};
}

} // namespace

TEST_CASE("the progress bar shows how much is done, how fast, and how long it will take") {
  CHECK(books::progress_bar(at(250), 2s, 80) ==
        "books [##########..............................] 250/1000 25%, 125/s, 0:06 left");
  CHECK(books::progress_text(at(250), 2s) == "books: 250/1000 25%, 125/s, 0:06 left");
}

TEST_CASE("a finished progress bar is full and shows the time it took") {
  CHECK(
    books::progress_text(at(1000, 3), 62s) == "books: 1000/1000 100%, 16/s, took 1:02, 3 failed");
  CHECK(books::progress_bar(at(1000), 10s, 60) ==
        "books [###################] 1000/1000 100%, 100/s, took 0:10");
}

TEST_CASE("before anything is done there is no rate and no estimate") {
  CHECK(books::progress_text(at(0), 0s) == "books: 0/1000 0%, 0/s");
  CHECK(books::progress_text(at(0), 5s) == "books: 0/1000 0%, 0/s");
}

TEST_CASE("a run of nothing is complete") {
  CHECK(
    books::progress_bar({.label = "none"}, 0s, 40) == "none [########] 0/0 100%, 0/s, took 0:00");
}

TEST_CASE("long runs are told in hours") {
  CHECK(books::progress_text(at(1), 10s) == "books: 1/1000 0%, 0/s, 2:46:30 left");
}

TEST_CASE("a progress bar is never wider than it may be") {
  for (std::size_t width = 0; width < 120; ++width) {
    CAPTURE(width);
    for (const std::size_t done : {0U, 1U, 500U, 1000U})
      CHECK(books::progress_bar(at(done, done / 2), 3s, width).size() <= width);
  }
  CHECK(books::progress_bar(at(250), 2s, 20) == "books 250/1000 25%, ");
}

TEST_CASE("on a terminal one line is redrawn, at most 10 times a second") {
  progress_meter meter(progress_style::terminal, "books", 1000, start);
  std::vector<std::string> drawn;
  for (int i = 0; i < 1000; ++i) {
    auto text = meter.item_done(false, start + i * 1ms, 80);
    if (!text.empty())
      drawn.push_back(std::move(text));
  }
  CHECK(drawn.size() == 9);
  for (const auto& text : drawn) {
    CHECK(text.starts_with("\r\x1b[Kbooks ["));
    CHECK(text.find('\n') == std::string::npos);
  }
  CHECK(meter.finish(start + 1s, 80) == "\r\x1b[K" + books::progress_bar(at(1000), 1s, 79) + "\n");
}

TEST_CASE("a log gets whole lines, at most one a second") {
  progress_meter meter(progress_style::log, "books", 1000, start);
  std::string log;
  for (int i = 1; i <= 1000; ++i)
    log += meter.item_done(i == 1, start + i * 2500us, 80);
  log += meter.finish(start + 2500ms, 80);
  CHECK(log == "books: 400/1000 40%, 400/s, 0:02 left, 1 failed\n"
               "books: 800/1000 80%, 400/s, 0:01 left, 1 failed\n"
               "books: 1000/1000 100%, 400/s, took 0:03, 1 failed\n");
}

TEST_CASE("a message goes above the line that is redrawn") {
  CHECK(
    progress_meter(progress_style::terminal, "b", 1, start).message("oops") == "\r\x1b[Koops\n");
  CHECK(progress_meter(progress_style::log, "b", 1, start).message("oops") == "oops\n");
}

TEST_CASE("the summary has a line for each child") {
  const std::vector<troupe::child_stats> children{
    {.slot = 0, .pid = 4711, .tasks = 525, .cpu = 500ms, .uptime = 2s},
    {.slot = 1, .pid = 4712, .tasks = 524, .cpu = 1s, .uptime = 2s, .restarts = 1}, {.slot = 2}};
  CHECK(books::run_summary(1050, 2100ms, children) ==
        "1050 requests in 2.10 s, 500 requests/s\n"
        "child      pid    tasks    busy  restarts\n"
        "    0     4711      525   25.0%         0\n"
        "    1     4712      524   50.0%         1\n"
        "    2        0        0    0.0%         0\n");
}
