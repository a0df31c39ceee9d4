#include "support/catch.hpp"
#include "top/format.hpp"

using namespace troupe_cli;
using std::chrono::microseconds;

TEST_CASE("durations have the unit that fits") {
  CHECK(duration_text(microseconds(0)) == "0 us");
  CHECK(duration_text(microseconds(-5)) == "0 us");
  CHECK(duration_text(microseconds(999)) == "999 us");
  CHECK(duration_text(microseconds(1'234)) == "1.23 ms");
  CHECK(duration_text(microseconds(999'499)) == "999 ms");
  CHECK(duration_text(microseconds(999'500)) == "1.00 s");
  CHECK(duration_text(microseconds(59'990'000)) == "60.0 s");
  CHECK(duration_text(microseconds(182'000'000)) == "3 min 02 s");
  CHECK(duration_text(microseconds(7'500'000'000)) == "2 h 05 min");
  CHECK(duration_text(microseconds(273'600'000'000)) == "3 d 04 h");
}

TEST_CASE("sizes have three digits and a unit") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1024) == "1.00 KiB");
  CHECK(size_text(12'900'000) == "12.3 MiB");
  CHECK(size_text(1'048'000) == "1.00 MiB");
  CHECK(size_text(~std::uint64_t{0}) == "16.0 EiB");
}

TEST_CASE("counts have separators, rates two digits or more") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1'234'567) == "1,234,567");
  CHECK(rate_text(-1) == "-");
  CHECK(rate_text(0.251) == "0.25/s");
  CHECK(rate_text(12.34) == "12.3/s");
  CHECK(rate_text(1234.6) == "1,235/s");
}
