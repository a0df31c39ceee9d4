// The end of a runtime of which something is still in use.
#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <string>

using namespace troupe::test;

namespace {

// What the program says, which must end by itself.
std::string said_by(const std::string& scenario) {
  piped_program program(ENDING_PARENT, {"ending_parent", scenario});
  auto said = program.read_until({});
  CHECK(program.wait() == 0);
  return said;
}

} // namespace

TEST_CASE("a runtime ends after a coroutine that had a pool of its own") {
  CHECK(said_by("local pool") == "9\nover\n");
}

TEST_CASE("a runtime ends while a coroutine with a pool of its own is suspended") {
  CHECK(said_by("coroutine with a pool") == "over\n");
}

TEST_CASE("a coroutine that awaits a task gets its error when the runtime ends") {
  CHECK(said_by("coroutine that awaits a task") == "the coroutine goes on\nover\n");
}

TEST_CASE("a coroutine that awaits a value of a queue gets none when the runtime ends") {
  CHECK_THAT(said_by("coroutine that awaits a value"), StartsWith("the coroutine goes on\nover\n"));
}

TEST_CASE("futures may be kept longer than the runtime") {
  CHECK(said_by("futures") == "over\nthe value is 9\na task throws task_cancelled\n");
}

TEST_CASE("a pool may be kept longer than the runtime, and is closed then") {
  CHECK_THAT(said_by("pool"), EndsWith("a task throws task_cancelled\napply throws pool_closed\n"
                                       "stats throws pool_closed\n"));
}

TEST_CASE("a queue may be kept longer than the runtime, and is closed then") {
  CHECK(said_by("queue") == "over\npush throws queue_closed\npop has none\n");
}

TEST_CASE("handles of actors may be kept longer than the runtime") {
  CHECK(said_by("actors") == "over\n");
}

TEST_CASE("a runtime may be static, with a pool and an actor") {
  CHECK(said_by("static") == "9\n");
}

TEST_CASE("threads that wait for a task or a value are told when the runtime ends") {
  CHECK_THAT(
    said_by("thread that waits for a task"), ContainsSubstring("the thread gets task_cancelled\n"));
  CHECK_THAT(
    said_by("thread that waits for a value"), ContainsSubstring("the thread gets nothing\n"));
}
