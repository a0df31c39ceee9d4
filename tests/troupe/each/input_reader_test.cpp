#include "each/events.hpp"
#include "each/input_reader.hpp"
#include "problems.hpp"
#include "support/catch.hpp"
#include "troupe/command/running.hpp"

using namespace troupe_cli;
using troupe::test::test_folder;

namespace {

std::vector<std::string> read(const std::string& text, char delimiter) {
  const test_folder folder;
  std::ofstream(folder / "in", std::ios::binary) << text;
  event_queue changes;
  input_reader reader(folder / "in", delimiter, [&] { changes.wake(); });
  std::vector<std::string> all;
  while (!reader.at_end()) {
    while (const auto next = reader.take()) {
      all.push_back(next->text);
      CHECK(next->number == all.size());
    }
    if (!reader.at_end())
      changes.wait_until(event_queue::time_point::max());
  }
  return all;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("inputs are lines, with or without an end of the last") {
  CHECK(read("", '\n') == texts{});
  CHECK(read("a\n\nb", '\n') == texts{"a", "", "b"});
  CHECK(read("a\nb\n", '\n') == texts{"a", "b"});
  CHECK(read(std::string("a\nb\0\0", 5), '\0') == texts{"a\nb", ""});
}

TEST_CASE("an input may be longer than what is read at once") {
  const std::string longer(200'000, 'x');
  CHECK(read(longer + "\ny\n", '\n') == texts{longer, "y"});
}

TEST_CASE("many inputs are read as they are taken") {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "line\n";
  CHECK(read(text, '\n').size() == 20'000);
}

TEST_CASE("an input without end is refused") {
  CHECK_THROWS_AS(read(std::string((16 << 20) + 100'000, 'x'), '\n'), broken_problem);
}

TEST_CASE("a reader that nobody reads to the end can be left") {
  event_queue changes;
  input_reader reader("/dev/zero", '\0', [&] { changes.wake(); });
  changes.wait_until(event_queue::time_point::max());
  CHECK(reader.take());
}

TEST_CASE("arguments are inputs") {
  input_reader reader({"a", "b"});
  CHECK(reader.total() == 2);
  CHECK(reader.take()->text == "a");
  CHECK(reader.take()->number == 2);
  CHECK(reader.at_end());
  CHECK_FALSE(reader.take());
}
