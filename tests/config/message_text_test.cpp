#include "base/utf8.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"

#include "support/catch.hpp"

#include <array>

using namespace std::string_view_literals;
using namespace troupe::detail;

TEST_CASE("values are quoted, and escaped where a terminal would not show them") {
  CHECK(quoted_for_message("plain") == "\"plain\"");
  CHECK(quoted_for_message("b\u00fccher \U0001F4D6") == "\"b\u00fccher \U0001F4D6\"");
  CHECK(quoted_for_message("a\n\t\r\0\x1b\x7f"sv) == "\"a\\n\\t\\x0d\\x00\\x1b\\x7f\"");
  CHECK(quoted_for_message("\u0080\u009b\u00a0") == "\"\\u0080\\u009b\u00a0\"");
  CHECK(quoted_for_message("\xff\xc3") == "\"\\xff\\xc3\"");
  CHECK(quoted_for_message("\"\\") == R"("\"\\")");
}

TEST_CASE("a long value is cut off between code points") {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "\u20ac"; // 3 bytes
  const auto shown = quoted_for_message(text);
  CHECK(shown.size() == 1 + 60 + 3 + 1);
  CHECK_THAT(shown, Catch::EndsWith("\u20ac...\""));
}

TEST_CASE("keys are quoted only where TOML needs it") {
  CHECK(key_for_message("max-tasks_2") == "max-tasks_2");
  CHECK(key_for_message("a.b") == "\"a.b\"");
  CHECK(key_for_message("") == "\"\"");
}

TEST_CASE("a long file name is cut off between code points") {
  for (std::size_t padding = 0; padding < 4; ++padding) {
    std::string name;
    for (int i = 0; i < 100; ++i)
      name += "\U0001F4D6"; // 4 bytes
    name += std::string(padding, 'x');
    CHECK_THAT(file_for_message(name), Catch::StartsWith("...\U0001F4D6") &&
                                         Catch::EndsWith("\U0001F4D6" + std::string(padding, 'x')));
  }
}

TEST_CASE("UTF-8 is told from what only looks like it") {
  CHECK(utf8_length("") == 0);
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("\u0080") == 2);
  CHECK(utf8_length("\u0800") == 3);
  CHECK(utf8_length("\uffff") == 3);
  CHECK(utf8_length("\U00010000") == 4);
  CHECK(utf8_length("\U0010ffff") == 4);
  for (auto bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF",
         "\xED\xA0\x80", "\xE2\x82", "\xE2\x82\x41", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
         "\xF5\x80\x80\x80", "\xF0\x9F\x93", "\xFE", "\xFF"})
    CHECK(utf8_length(bad) == 0);
}

TEST_CASE("the nearest name is the one with the fewest typing errors") {
  constexpr std::array<std::string_view, 4> names{"period", "processes", "queuecount", "restart"};
  CHECK(nearest_name("perod", names) == "period");
  CHECK(nearest_name("eprido", names) == "period");
  CHECK(nearest_name("queue_count", names) == "queuecount");
  CHECK(nearest_name("Restart", names) == "restart");
  CHECK(nearest_name("frequency", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(nearest_name(std::string(100'000, 'p'), names).empty());
  CHECK(nearest_name("period", {}).empty());
}
