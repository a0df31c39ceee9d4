#include "each/progress.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using troupe_cli::progress_counts;
using troupe_cli::progress_line;

TEST_CASE("progress says what is done, how fast, how long it still takes, and what is slow") {
  progress_counts counts{.done = 50, .failed = 2, .running = 4, .total = 150.0};
  CHECK(progress_line(counts, 10s, 0) == "50 done, 2 failed, 4 running, 5.0/s, 0:20 left");
  counts.skipped = 100;
  counts.total = {};
  counts.slowest = "a\nb";
  counts.slowest_age = 12'300ms;
  counts.note = "waiting for memory";
  CHECK(progress_line(counts, 1s, 0) ==
        "150 done (100 before), 2 failed, 4 running, 50/s, waiting for memory, slowest 12.3 s: "
        "a\\x0ab");
  CHECK(progress_line({}, 0s, 0) == "0 done, 0 failed, 0 running");
}

TEST_CASE("progress is cut between characters") {
  CHECK(progress_line({}, 0s, 6) == "0 done");
  progress_counts counts{.note = "\xc3\xa4\xc3\xa4"};
  CHECK_THAT(progress_line(counts, 0s, 30), EndsWith(", \xc3\xa4"));
}
