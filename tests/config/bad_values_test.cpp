#include "config_file.hpp"

#include "support/catch.hpp"

using config_test::error_of;

namespace {

// What is wrong with one line of a pool table, without the position.
std::string problem_with(const std::string& line) {
  const auto message = error_of("[pool.web]\n" + line + "\n");
  const std::string start = "troupe.toml:2:";
  if (!message.starts_with(start))
    return "unexpected position: " + message;
  return message.substr(message.find(": ", start.size()) + 2);
}

} // namespace

TEST_CASE("a value of the wrong type is reported with both types") {
  CHECK(
    problem_with("processes = \"4\"") == "pool.web.processes: expected an integer, found a string");
  CHECK(
    problem_with("processes = 4.0") == "pool.web.processes: expected an integer, found a float");
  CHECK(
    problem_with("processes = nan") == "pool.web.processes: expected an integer, found a float");
  CHECK(
    problem_with("processes = true") == "pool.web.processes: expected an integer, found a boolean");
  CHECK(
    problem_with("processes = [4]") == "pool.web.processes: expected an integer, found an array");
  CHECK(problem_with("processes = {}") == "pool.web.processes: expected an integer, found a table");
  CHECK(problem_with("processes = 2024-02-29") ==
        "pool.web.processes: expected an integer, found a date");
  CHECK(problem_with("processes = 12:00:00") ==
        "pool.web.processes: expected an integer, found a time");
  CHECK(problem_with("processes = 2024-02-29T12:00:00Z") ==
        "pool.web.processes: expected an integer, found a date and time");
  CHECK(problem_with("scheduler = 1") == "pool.web.scheduler: expected a string, found an integer");
  CHECK(problem_with("start_method = true") ==
        "pool.web.start_method: expected a string, found a boolean");
  CHECK(problem_with("restart = 3") == "pool.web.restart: expected a table, found an integer");
  CHECK(problem_with("restart = [{}]") == "pool.web.restart: expected a table, found an array");
}

TEST_CASE("a flag is true or false, and no number or word") {
  CHECK(problem_with("limits = { no_new_privs = 1 }") ==
        "pool.web.limits.no_new_privs: expected a boolean, found an integer");
  CHECK(problem_with("limits.core_dumps = \"yes\"") ==
        "pool.web.limits.core_dumps: expected a boolean, found a string");
  CHECK(problem_with("limits.core_dump = true") ==
        "pool.web.limits.core_dump: unknown key; did you mean \"core_dumps\"?");
}

TEST_CASE("surroundings of children that cannot be are refused with the cure") {
  CHECK(problem_with("working_directory = \"here\"") ==
        "pool.web.working_directory: must be an absolute path, is \"here\"");
  CHECK(problem_with("umask = \"8\"") ==
        "pool.web.umask: must be octal digits, \"000\" to \"777\", is \"8\"");
  CHECK(problem_with("umask = \"1000\"") ==
        "pool.web.umask: must be octal digits, \"000\" to \"777\", is \"1000\"");
  CHECK(problem_with("umask = 27") == "pool.web.umask: expected a string, found an integer");
  CHECK(problem_with("environment = [\"A=b\"]") ==
        "pool.web.environment: must be names of variables, like \"PATH\" or \"LC_*\", is \"A=b\"");
  CHECK(problem_with("environment = [1]") ==
        "pool.web.environment: expected a string, found an integer");
  CHECK(problem_with("sandbox = \"guard\"") ==
        "pool.web.sandbox: unknown sandbox \"guard\"; did you mean \"guarded\"?");
  CHECK(problem_with("sockets = true") ==
        "pool.web.sockets: is for a sandbox: set sandbox = \"guarded\", or leave it out");
  CHECK(error_of("[pool.web]\nsandbox = \"guarded\"\nwritable_directories = [\"tmp\"]\n") ==
        "troupe.toml:3:25: pool.web.writable_directories: must be an absolute path, is \"tmp\"");
}

TEST_CASE("a wrong value is reported at the value") {
  CHECK(error_of("[pool.web]\n  processes =   -1\n") ==
        "troupe.toml:2:17: pool.web.processes: must be 0 to 1024, is -1");
}

TEST_CASE("a count out of range is reported with the range") {
  CHECK(problem_with("processes = 1025") == "pool.web.processes: must be 0 to 1024, is 1025");
  CHECK(
    problem_with("childconcurrency = 0") == "pool.web.childconcurrency: must be 1 to 16384, is 0");
  CHECK(problem_with("childconcurrency = 16385") ==
        "pool.web.childconcurrency: must be 1 to 16384, is 16385");
  CHECK(problem_with("spares = 1025") == "pool.web.spares: must be 0 to 1024, is 1025");
  CHECK(problem_with("queuecount = 0") == "pool.web.queuecount: must be 1 to 1024, is 0");
  CHECK(
    problem_with("maxtasksperchild = -1") == "pool.web.maxtasksperchild: must be 0 or more, is -1");
  CHECK(problem_with("processes = -9223372036854775808") ==
        "pool.web.processes: must be 0 to 1024, is -9223372036854775808");
  CHECK(problem_with("restart.intensity = 1000001") ==
        "pool.web.restart.intensity: must be 0 to 1000000, is 1000001");
  CHECK(problem_with("restart = { start_attempts = 0 }") ==
        "pool.web.restart.start_attempts: must be 1 to 1000000, is 0");
}

TEST_CASE("an integer of more than 64 bits is reported") {
  CHECK_THAT(problem_with("processes = 99999999999999999999"),
    Catch::Contains("'99999999999999999999' is not representable in 64 bits"));
}

TEST_CASE("a duration out of range is reported with the range") {
  CHECK(problem_with("start_timeout = '0s'") ==
        "pool.web.start_timeout: must be 1ms to 24h, is \"0s\"");
  CHECK(problem_with("start_timeout = '25h'") ==
        "pool.web.start_timeout: must be 1ms to 24h, is \"25h\"");
  CHECK(problem_with("shutdown_timeout = '-1s'") ==
        "pool.web.shutdown_timeout: must be 0ms to 24h, is \"-1s\"");
  CHECK(problem_with("restart.period = '0ms'") ==
        "pool.web.restart.period: must be 1ms to 24h, is \"0ms\"");
  CHECK(problem_with("restart.backoff = '1001ms'") ==
        "pool.web.restart.backoff: must be 0ms to 1s, is \"1001ms\"");
  CHECK(problem_with("start_timeout = '99999999999999999999h'") ==
        "pool.web.start_timeout: must be 1ms to 24h, is \"99999999999999999999h\"");
}

TEST_CASE("a duration without a unit is reported with what to write") {
  CHECK(problem_with("start_timeout = 10") ==
        "pool.web.start_timeout: expected a duration like \"30s\", found an integer; "
        "write \"10s\" or \"10ms\"");
  CHECK(problem_with("start_timeout = -10") ==
        "pool.web.start_timeout: expected a duration like \"30s\", found an integer");
  CHECK(problem_with("start_timeout = nan") ==
        "pool.web.start_timeout: expected a duration like \"30s\", found a float");
  CHECK(problem_with("start_timeout = \"10\"") ==
        "pool.web.start_timeout: \"10\" has no unit; write \"10s\" or \"10ms\"");
}

TEST_CASE("text that is not a duration is escaped and cut off in the message") {
  const auto message =
    problem_with("start_timeout = \"\\u001b[2J" + std::string(100'000, 'x') + "\"");
  CHECK_THAT(message, Catch::StartsWith("pool.web.start_timeout: \"\\x1b[2Jxxx") &&
                        Catch::Contains("xxx...\" is not a duration"));
  CHECK(message.size() < 200);
}

TEST_CASE("an unknown scheduler is reported with those there are") {
  CHECK(problem_with("scheduler = 'round-robin'") ==
        "pool.web.scheduler: unknown scheduler \"round-robin\"; did you mean \"round_robin\"?");
  CHECK(problem_with("scheduler = 'fair'") ==
        "pool.web.scheduler: unknown scheduler \"fair\"; valid: round_robin, least_loaded, "
        "random_two, by_key");
}

TEST_CASE("an unknown start method is reported with those there are") {
  CHECK(problem_with("start_method = 'forkservr'") ==
        "pool.web.start_method: unknown start method \"forkservr\"; did you mean \"forkserver\"?");
  CHECK(problem_with("start_method = 'thread'") ==
        "pool.web.start_method: unknown start method \"thread\"; valid: spawn, forkserver, fork");
}

TEST_CASE("more queues than processes are a contradiction") {
  CHECK(error_of("[pool.web]\nqueuecount = 3\nprocesses = 2\n") ==
        "troupe.toml:2:14: pool.web.queuecount: queue count must be <= process count (2), is 3");
}

TEST_CASE("an app setting must be a scalar") {
  CHECK(error_of("[app.shop]\nshelves = ['a', 'b']\n") ==
        "troupe.toml:2:11: app.shop.shelves: expected a boolean, an integer, a float or a string, "
        "found an array");
  CHECK(error_of("[app.shop.window]\n") ==
        "troupe.toml:1:1: app.shop.window: expected a boolean, an integer, a float or a string, "
        "found a table");
}

TEST_CASE("an unknown overflow policy is reported with those there are") {
  CHECK(problem_with("overflow = 'drop'") ==
        "pool.web.overflow: unknown overflow policy \"drop\"; valid: block, reject");
  CHECK(problem_with("output = 'none'") ==
        "pool.web.output: unknown kind of output \"none\"; valid: inherit, capture");
  CHECK(problem_with("overflow = true") == "pool.web.overflow: expected a string, found a boolean");
}

TEST_CASE("all problems are reported, in the order of the file") {
  CHECK(error_of("[pool.web]\nstart_timeout = 5\nprocesses = -1\nqueues = 1\n[apps.shop]\n") ==
        "troupe.toml:2:17: pool.web.start_timeout: expected a duration like \"30s\", found an "
        "integer; write \"5s\" or \"5ms\"\n"
        "troupe.toml:3:13: pool.web.processes: must be 0 to 1024, is -1\n"
        "troupe.toml:4:1: pool.web.queues: unknown key; valid: processes, childconcurrency, "
        "queuecount, initializer, finalizer, maxtasksperchild, maxmemoryperchild, "
        "maxageperchild, scheduler, start_method, spares, restart, start_timeout, "
        "shutdown_timeout, max_queue, overflow, input, output, limits, cancel_grace, "
        "...\n"
        "troupe.toml:5:2: apps: unknown key; did you mean \"app\"?");
}

TEST_CASE("of very many problems the first ones are reported") {
  std::string text;
  for (int i = 1000; i < 2000; ++i)
    text += "x" + std::to_string(i) + " = 1\n";
  const auto message = error_of(text);
  CHECK_THAT(message, Catch::StartsWith("troupe.toml:1:1: x1000: unknown key") &&
                        Catch::EndsWith("\ntroupe.toml: more problems: 980"));
}
