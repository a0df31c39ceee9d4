// Files that are the program's own as a whole.
#include "config_file.hpp"

#include "support/catch.hpp"

#include <cstdlib>
#include <string>
#include <vector>

using config_test::temporary_directory;
using config_test::write_file;

namespace {

// What is wrong with a file that has `word`, a table `table` with the number `n`, and a list `each` of tables with the
// number `n`.
std::string error_of(std::string_view text) {
  const temporary_directory dir;
  const auto path = dir / "own.toml";
  write_file(path, text);
  try {
    troupe::config_file file(path, {.own = true});
    auto top = file.top();
    top.text("word");
    if (auto table = top.table("table"))
      table->integer("n", 0, 9, 0);
    for (auto& one : top.table_list("each"))
      one.integer("n", 0, 9, 0);
    file.finish();
    return {};
  } catch (const troupe::config_error& error) {
    std::string message = error.what();
    const auto where = path.string();
    for (auto at = message.find(where); at != std::string::npos; at = message.find(where))
      message.replace(at, where.size(), "own.toml");
    return message;
  }
}

} // namespace

TEST_CASE("the tables and lists of an own file are read by their keys") {
  const temporary_directory dir;
  write_file(dir / "own.toml", "include = 'more.toml'\n[[each]]\nn = 1\n[[each]]\nn = 2\n");
  write_file(dir / "more.toml", "word = 'x'\n[table]\nb = 1\na = 2\n");
  troupe::config_file file(dir / "own.toml", {.own = true});
  auto top = file.top();
  CHECK(top.name().empty());
  CHECK(top.keys() == std::vector<std::string>{"each", "table", "word"});
  CHECK(top.text("word") == "x");
  auto each = top.table_list("each");
  REQUIRE(each.size() == 2);
  CHECK(each[1].name() == "2");
  CHECK(each[1].path() == "each[2]");
  CHECK(each[0].integer("n", 0, 9, 0) == 1);
  CHECK(each[1].integer("n", 0, 9, 0) == 2);
  CHECK(top.table("table")->keys() == std::vector<std::string>{"a", "b"});
  CHECK(top.table_list("nothing").empty());
}

TEST_CASE("what is wrong with an own file is told as with any other") {
  CHECK(error_of("").empty());
  CHECK(error_of("wort = 'x'\n") == "own.toml:1:1: wort: unknown key; did you mean \"word\"?");
  CHECK(error_of("[pool.a]\n[app.b]\n") ==
        "own.toml:1:2: pool: unknown key; valid: each, table, word\n"
        "own.toml:2:2: app: unknown key; valid: each, table, word");
  CHECK(error_of("modules = ['x.so']\n") ==
        "own.toml:1:1: modules: unknown key; valid: each, table, word");
  CHECK(error_of("[table]\nm = 1\nn = 10\n") ==
        "own.toml:2:1: table.m: unknown key; did you mean \"n\"?\n"
        "own.toml:3:5: table.n: must be 0 to 9, is 10");
  CHECK(error_of("each = 1\n") ==
        "own.toml:1:8: each: expected an array of tables, found an integer; write [[each]]");
  CHECK(error_of("each = [{ n = 1 }, 2]\n") ==
        "own.toml:1:20: each: expected a table, found an integer");
  CHECK(error_of("[[each]]\nn = 1\n[[each]]\nn = true\n") ==
        "own.toml:4:5: each[2].n: expected an integer, found a boolean");
  CHECK(error_of("word = '\xff'\n") == "own.toml:1:9: not valid UTF-8");
}

TEST_CASE("the environment says nothing of an own file") {
  ::setenv("TROUPE_TABLE_N", "x", 1);
  CHECK(error_of("[table]\nn = 1\n").empty());
  ::unsetenv("TROUPE_TABLE_N");
}
