#include "config_file.hpp"

#include "support/catch.hpp"

using config_test::error_of;

TEST_CASE("an unknown key of a pool is reported with the nearest one") {
  CHECK(error_of("[pool.web]\nprocesses = 4\nchildconcurency = 16\n") ==
        "troupe.toml:3:1: pool.web.childconcurency: unknown key; "
        "did you mean \"childconcurrency\"?");
  CHECK(error_of("[pool.web]\nporcesses = 4\n") ==
        "troupe.toml:2:1: pool.web.porcesses: unknown key; did you mean \"processes\"?");
  CHECK(error_of("[pool.web]\nmax_tasks_per_child = 4\n") ==
        "troupe.toml:2:1: pool.web.max_tasks_per_child: unknown key; "
        "did you mean \"maxtasksperchild\"?");
}

TEST_CASE("an unknown restart option is reported with the nearest one") {
  const std::string expected =
    "pool.web.restart.intensty: unknown key; did you mean \"intensity\"?";
  CHECK(error_of("[pool.web]\nrestart = { intensty = 1 }\n") == "troupe.toml:2:13: " + expected);
  CHECK(error_of("[pool.web.restart]\nintensty = 1\n") == "troupe.toml:2:1: " + expected);
  CHECK(error_of("pool.web.restart.intensty = 1\n") == "troupe.toml:1:18: " + expected);
}

TEST_CASE("an unknown top-level key is reported with the nearest one") {
  CHECK(error_of("[pol.web]\n") == "troupe.toml:1:2: pol: unknown key; did you mean \"pool\"?");
  CHECK(error_of("[database]\n") ==
        "troupe.toml:1:2: database: unknown key; valid: pool, app, include, "
        "modules");
  CHECK(error_of("\"\" = 1\n") == "troupe.toml:1:1: \"\": unknown key; valid: pool, app, include, "
                                  "modules");
}

TEST_CASE("the name of a pool is not one of its keys") {
  CHECK_THAT(error_of("[pool.web]\nname = 'api'\n"),
    Catch::StartsWith("troupe.toml:2:1: pool.web.name: unknown key; valid: processes, "));
}

TEST_CASE("what is only for programs to set is not a key") {
  for (const std::string key : {"exception_handler", "loop_initializer"}) {
    INFO(key);
    CHECK_THAT(error_of("[pool.web]\n" + key + " = 'f'\n"),
      Catch::StartsWith("troupe.toml:2:1: pool.web." + key + ": unknown key; "));
  }
}

TEST_CASE("pool options outside of a pool's table are reported") {
  CHECK(error_of("[pool]\nprocesses = 3\n") ==
        "troupe.toml:2:1: pool.processes: expected a table, found an integer; write [pool.NAME]");
  CHECK(error_of("pool = 3\n") ==
        "troupe.toml:1:8: pool: expected a table, found an integer; write [pool.NAME]");
  CHECK(error_of("[[pool]]\n") ==
        "troupe.toml:1:1: pool: expected a table, found an array; write [pool.NAME]");
  CHECK(error_of("[[pool.web]]\n") ==
        "troupe.toml:1:8: pool.web: expected a table, found an array; write [pool.NAME]");
  CHECK(error_of("[app]\ndebug = true\n") ==
        "troupe.toml:2:1: app.debug: expected a table, found a boolean; write [app.NAME]");
}

TEST_CASE("a pool needs a printable name") {
  CHECK(error_of("[pool.\"\"]\n") ==
        "troupe.toml:1:7: pool.\"\": a name must be printable text, and not empty");
  CHECK(error_of("[pool.\"a\\u001b\"]\n") ==
        "troupe.toml:1:7: pool.\"a\\x1b\": a name must be printable text, and not empty");
}

TEST_CASE("keys are escaped and cut off in messages") {
  CHECK(error_of("[pool.web]\n\"a.b\\n\\\"\\u009b\" = 1\n").substr(0, 48) ==
        "troupe.toml:2:1: pool.web.\"a.b\\n\\\"\\u009b\": unkno");
  const auto message = error_of("[pool.web]\n" + std::string(100'000, 'k') + " = 1\n");
  CHECK_THAT(message,
    Catch::StartsWith("troupe.toml:2:1: pool.web.kkk") && Catch::Contains("kkk...: unknown key"));
  CHECK(message.size() < 400);
}
