#include "journal/journal.hpp"
#include "problems.hpp"
#include "support/catch.hpp"
#include "troupe/command/running.hpp"

using namespace troupe_cli;
using troupe::test::test_folder;

namespace {

void run_one(journal& in, const std::string& key, const std::string& outcome) {
  in.end(in.begin({.key = key, .input = key}), {.outcome = outcome, .wall_microseconds = 5});
}

} // namespace

TEST_CASE("an end is found by the next run, once for each time that it ended") {
  const test_folder folder;
  {
    journal first(folder / "j", false, "");
    run_one(first, "a", "ok");
    run_one(first, "a", "ok");
    CHECK_FALSE(first.find_earlier("a")); // its own do not count
    first.commit();
  }
  journal second(folder / "j", true, "");
  CHECK(second.find_earlier("a")->ok);
  CHECK(second.find_earlier("a")->ok);
  CHECK_FALSE(second.find_earlier("a"));
  CHECK_FALSE(second.find_earlier("b"));
}

TEST_CASE("what has begun has not ended, and what was not committed has not been") {
  const test_folder folder;
  {
    journal first(folder / "j", false, "");
    first.begin({.key = "a"});
    first.commit();
    run_one(first, "b", "ok");
  }
  journal second(folder / "j", true, "");
  CHECK_FALSE(second.find_earlier("a"));
  CHECK_FALSE(second.find_earlier("b"));
}

TEST_CASE("a failure that was made good does not count any more") {
  const test_folder folder;
  {
    journal first(folder / "j", false, "");
    run_one(first, "a", "exit");
    first.commit();
  }
  {
    journal second(folder / "j", true, "");
    const auto failure = second.find_earlier("a");
    REQUIRE(failure);
    CHECK_FALSE(failure->ok);
    run_one(second, "a", "ok");
    second.supersede(failure->attempt);
    second.commit();
  }
  journal third(folder / "j", true, "");
  CHECK(third.find_earlier("a")->ok);
  CHECK_FALSE(third.find_earlier("a"));
  CHECK(third.earlier_time("a") == 5);
  CHECK_FALSE(third.earlier_time("b"));
}

TEST_CASE("outputs are kept until they are dropped") {
  const test_folder folder;
  const std::string bytes("\0\xff", 2);
  {
    journal first(folder / "j", false, "");
    first.keep_output({7, "in", bytes, "", "", "file"});
    first.keep_output({8, "", "x", "", "", ""});
    first.drop_output(8);
    first.commit();
  }
  journal second(folder / "j", true, "");
  const auto kept = second.kept_outputs();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].attempt == 7);
  CHECK(kept[0].input == "in");
  CHECK(kept[0].out == bytes);
  CHECK(kept[0].err_file == "file");
}

TEST_CASE("a journal is for one run at a time, and for no other file") {
  const test_folder folder;
  const journal first(folder / "j", false, "");
  CHECK_THROWS_WITH(journal(folder / "j", true, ""),
    "cannot open the journal \"" + (folder / "j") + "\": another troupe writes to it");
  CHECK_THROWS_AS(journal(folder / "j", false, ""), usage_problem);
  {
    database other(folder / "other", database::access::write);
    other.execute("CREATE TABLE x(y)");
  }
  CHECK_THROWS_WITH(journal(folder / "other", true, ""),
    "journal \"" + (folder / "other") + "\": it is a database of something else");
}

TEST_CASE("a key tells parts apart") {
  CHECK(content_key({"ab", "c"}) != content_key({"a", "bc"}));
  CHECK(content_key({"a"}) == content_key({"a"}));
}
