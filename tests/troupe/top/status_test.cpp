// What processes answer: as they say it, cut short, and changed at random.
#include "support/catch.hpp"
#include "support/seeded.hpp"
#include "top/status.hpp"

#include <stdexcept>
#include <string>

using namespace troupe_cli;

namespace {

const std::string answer =
  R"({"troupe":1,"version":"0.1.0","pid":42,"program":"shop","command":["./shop"],"pools":[{"id":"3",)"
  R"("name":"pages","closing":false,"max_queue":10,"submitted":5,"succeeded":3,"failed":1,"queued":1,)"
  R"("children":[{"slot":0,"pid":100,"state":"ready","memory":1000,"tasks":4,"cpu":2500,"uptime":9000,)"
  R"("restarts":1}],"running_tasks":[{"id":9,"function":[0,4660],"slot":0,"attempt":2,"age":77}],)"
  R"("tasks":[{"name":"fetch","submitted":5,"succeeded":3,"failed":1,"cancelled":0,"time":900}],)"
  R"("failures":[{"id":2,"name":"fetch","slot":0,"pid":100,"attempt":1,"age":5,"type":"T","message":"m",)"
  R"("stack":[[0,1],[7,2]]}]}],"modules":{"0":"/proc/42/exe","7":"/lib/x.so"}})";

} // namespace

TEST_CASE("a status is read as it was said") {
  const auto status = parse_status(answer);
  CHECK(status.pid == 42);
  CHECK(status.program == "shop");
  CHECK(status.modules.at(7) == "/lib/x.so");
  REQUIRE(status.pools.size() == 1);
  const auto& pool = status.pools[0];
  CHECK(pool.id == "3");
  CHECK(pool.name == "pages");
  CHECK(pool.max_queue == 10);
  CHECK(pool.ended() == 4);
  REQUIRE(pool.children.size() == 1);
  CHECK(pool.children[0].cpu == microseconds(2500));
  CHECK(pool.running_tasks.at(0).label.function.offset == 4660);
  CHECK(pool.running_tasks.at(0).attempt == 2);
  CHECK(pool.tasks.at(0).left() == 1);
  CHECK(pool.failures.at(0).stack.at(1).module == 7);
}

TEST_CASE("an answer that is an error, or none of this protocol, says so") {
  CHECK_THROWS_WITH(
    parse_status(R"({"troupe":1,"error":"there is no pool 5"})"), "there is no pool 5");
  CHECK_THROWS_WITH(parse_status("hello"), "the answer is no JSON object");
  CHECK_THROWS_WITH(parse_status("{}"),
    "it speaks version 0 of the protocol, and this program version 1: use the `troupe` of its own "
    "version");
  CHECK_THROWS_WITH(check_done(R"({"troupe":1})"), "the answer does not say that it is done");
  CHECK_NOTHROW(check_done(R"({"troupe":1,"done":true})"));
}

TEST_CASE("what is missing, or of another type, is as nothing") {
  const auto status = parse_status(
    R"({"troupe":1,"pid":"x","program":5,"command":[1,"a"],"pools":[7,{"name":[]}],"modules":{"a":"b"}})");
  CHECK(status.pid == 0);
  CHECK(status.command == std::vector<std::string>{"a"});
  REQUIRE(status.pools.size() == 1);
  CHECK(status.pools[0].name.empty());
  CHECK(status.modules.empty());
}

TEST_CASE("answers that were changed at random are read or refused") {
  std::size_t read = 0;
  troupe::test::for_each_seed(10'000, [&](troupe::test::random_source& random) {
    auto changed = answer;
    for (std::size_t changes = 1 + random.below(4); changes > 0; --changes)
      switch (random.below(3)) {
      case 0:
        changed[random.below(changed.size())] = static_cast<char>(random.below(256));
        break;
      case 1:
        changed.erase(random.below(changed.size()), 1 + random.below(9));
        break;
      default:
        changed.insert(random.below(changed.size()), 1, "{}[]\",:0-"[random.below(9)]);
        break;
      }
    try {
      parse_status(changed);
      ++read;
    } catch (const std::runtime_error&) {
      // It says what is wrong with it.
    }
  });
  CHECK(read > 0);
}
