#include "base/text_lines.hpp"
#include "support/catch.hpp"
#include "support/seeded.hpp"

#include <vector>

using troupe::base::line_splitter;
using troupe::base::text_tail;
using namespace troupe::test;

namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& pieces, std::size_t longest) {
  line_splitter splitter(longest);
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
  for (const auto& piece : pieces)
    splitter.feed(piece, keep);
  splitter.finish(keep);
  return lines;
}

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("text in pieces becomes lines") {
  CHECK(lines_of({}, 10).empty());
  CHECK(lines_of({"one\ntwo\n"}, 10) == strings{"one", "two"});
  CHECK(lines_of({"o", "n", "e\nt", "wo"}, 10) == strings{"one", "two"});
  CHECK(lines_of({"\n\na\n"}, 10) == strings{"", "", "a"});
  CHECK(lines_of({"dos\r\nmac\rend"}, 20) == strings{"dos", "mac\rend"});
}

TEST_CASE("a line that is too long is cut, and loses nothing") {
  CHECK(lines_of({"12345"}, 5) == strings{"12345"});
  CHECK(lines_of({"12345\n6"}, 5) == strings{"12345", "6"});
  CHECK(lines_of({"123456\n7"}, 5) == strings{"12345", "6", "7"});
  CHECK(lines_of({"1234567890123"}, 5) == strings{"12345", "67890", "123"});
}

TEST_CASE("lines are the same however the text is cut into pieces") {
  for_each_seed(500, [](random_source& random) {
    std::string text;
    for (auto n = random.below(200); n > 0; --n)
      text += "ab\n\r"[random.below(4)];
    strings pieces;
    for (std::size_t at = 0; at < text.size();) {
      const auto size = 1 + random.below(20);
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    CHECK(lines_of(pieces, 7) == lines_of({text}, 7));
  });
}

TEST_CASE("of a text its last lines are kept, within both limits") {
  text_tail tail(3, 10);
  CHECK(tail.text().empty());
  for (const char* line : {"a", "b", "c", "d"})
    tail.add(line);
  CHECK(tail.text() == "b\nc\nd");
  tail.add("12345678");
  CHECK(tail.text() == "c\nd\n12345678");
  tail.add("123");
  CHECK(tail.text() == "123");
  tail.add("a line that is longer than all");
  CHECK(tail.text() == "a line tha");
  tail.add("12345678\xc3\xa9\xc3\xa9"); // a code point is not cut in two
  CHECK(tail.text() == "12345678\xc3\xa9");
  tail.add("123456789\xc3\xa9");
  CHECK(tail.text() == "123456789");
  text_tail blank(3, 10);
  for (const char* line : {"", "", "a", ""})
    blank.add(line);
  CHECK(blank.text() == "\na\n");
}
