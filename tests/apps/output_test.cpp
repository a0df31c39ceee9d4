#include "books/csv.hpp"
#include "books/output_file.hpp"
#include "bookshop/pages.hpp"
#include "text/terminal_text.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

namespace fs = std::filesystem;

using troupe::test::temporary_directory;

auto count_files(const temporary_directory& in) {
  return std::distance(fs::directory_iterator(in.path()), {});
}

std::string contents(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

void fill(const fs::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

} // namespace

TEST_CASE("CSV fields are quoted only if they need it") {
  CHECK(books::csv_row({"a", "", " b; c=d'e"}) == "a,, b; c=d'e\r\n");
  CHECK(books::csv_row({"a,b", "say \"x\"", "c\nd", "e\rf"}) ==
        "\"a,b\",\"say \"\"x\"\"\",\"c\nd\",\"e\rf\"\r\n");
  CHECK(books::csv_row({""}) == "\r\n");
  CHECK(books::csv_row(books::book{"T", "£1", std::nullopt}) == "T,£1,\r\n");
}

TEST_CASE("the books as CSV are the shop's own catalogue, byte by byte") {
  const auto catalogue = bookshop::make_catalogue();
  auto text = books::csv_header();
  for (const auto& item : catalogue)
    text += books::csv_row(books::book{item.title, item.price, item.description});
  CHECK(text == bookshop::catalogue_csv(catalogue));
}

TEST_CASE("an output file appears when it is committed, and not before") {
  const temporary_directory directory;
  const auto path = directory.path() / "out.csv";
  books::output_file file(path);
  file.write("one");
  file.write("two");
  CHECK_FALSE(fs::exists(path));
  file.commit();
  CHECK(contents(path) == "onetwo");
  CHECK(count_files(directory) == 1);
}

TEST_CASE("an output file that is not committed leaves the old one and nothing else") {
  const temporary_directory directory;
  const auto path = directory.path() / "out.csv";
  fill(path, "old");
  { books::output_file(path).write("new"); }
  CHECK(contents(path) == "old");
  CHECK(count_files(directory) == 1);
}

TEST_CASE("an output file replaces what a symbolic link leads to, not the link") {
  const temporary_directory directory;
  const auto target = directory.path() / "target.csv";
  const auto link = directory.path() / "link.csv";
  fill(target, "old");
  fs::create_symlink(target, link);
  books::output_file file(link);
  file.write("new");
  file.commit();
  CHECK(fs::is_symlink(link));
  CHECK(contents(target) == "new");
}

TEST_CASE("an output file does not replace devices and directories") {
  const temporary_directory directory;
  CHECK_THROWS_WITH(
    books::output_file("/dev/null"), Catch::Equals("/dev/null: exists and is not a regular file"));
  CHECK_THROWS_AS(books::output_file(directory.path()), std::runtime_error);
  CHECK_THROWS_WITH(books::output_file(directory.path() / "none" / "x"),
    Catch::Contains("cannot create: No such file or directory"));
}

TEST_CASE("printable text cannot control a terminal") {
  CHECK(text::printable("naïve £ 红 🚀") == "naïve £ 红 🚀");
  CHECK(text::printable("\x1b[2J\r\n\t\x7f") == "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
  CHECK(text::printable("\xc2\x9b"
                        "2J") == "\\xc2\\x9b2J");
  CHECK(text::printable("\x9b\xff\xe2\x82") == "\\x9b\\xff\\xe2\\x82");
  CHECK(text::printable("a\xe2\x80\xae"
                        "b") == "a\\xe2\\x80\\xaeb");
  CHECK(text::printable(std::string_view("\0a", 2)) == "\\x00a");
}
