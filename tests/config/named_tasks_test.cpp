#include "config_file.hpp"

#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

namespace {

std::string connected_to = "nothing";

void connect(const std::string& host, int port) {
  connected_to = host + ":" + std::to_string(port);
}

void disconnect() {}

boost::asio::awaitable<void> connect_later() {
  co_return;
}

troupe::task_registry tasks() {
  troupe::task_registry all;
  all.add("connect", connect).add("disconnect", disconnect).add("connect_later", connect_later);
  return all;
}

std::string problem_with(const std::string& line, const troupe::task_registry& named = tasks()) {
  return config_test::error_of("[pool.web]\n" + line + "\n", named);
}

} // namespace

TEST_CASE("a pool's initializer and finalizer are named in the file, with their arguments") {
  const auto config = config_test::load("[pool.web]\n"
                                        "processes = 1\n"
                                        "initializer = [\"connect\", \"db.example\", 5432]\n"
                                        "finalizer = \"disconnect\"\n",
    tasks());
  const auto options = config.pool("web");
  CHECK(options.finalizer);
  troupe::pool pool{troupe::test::rt(), options};
  CHECK(pool.apply([] { return connected_to; }).get() == "db.example:5432");
}

TEST_CASE("a runtime keeps the names of tasks") {
  CHECK(troupe::test::rt().tasks().names().empty());
}

TEST_CASE("a call in a file that cannot be is reported with its place") {
  CHECK(
    problem_with("initializer = 'conect'") ==
    "troupe.toml:2:15: pool.web.initializer: unknown task \"conect\"; did you mean \"connect\"?");
  CHECK(
    problem_with("initializer = 'connect'") ==
    "troupe.toml:2:15: pool.web.initializer: task \"connect\" takes 2 arguments, and is given 0");
  CHECK(problem_with("initializer = ['connect', 'db', 'x']") ==
        "troupe.toml:2:15: pool.web.initializer: argument 2 of task \"connect\" must be an integer "
        "from -2147483648 to 2147483647");
  CHECK(problem_with("initializer = 'connect_later'") ==
        "troupe.toml:2:15: pool.web.initializer: task \"connect_later\" must be a plain function");
  CHECK(
    problem_with("finalizer = 1") ==
    "troupe.toml:2:13: pool.web.finalizer: expected the name of a task, or an array of it and its "
    "arguments, found an integer");
  CHECK(
    problem_with("finalizer = []") ==
    "troupe.toml:2:13: pool.web.finalizer: expected the name of a task, or an array of it and its "
    "arguments, found an array");
  CHECK(
    problem_with("finalizer = ['disconnect', []]") ==
    "troupe.toml:2:28: pool.web.finalizer: expected a boolean, an integer, a float or a string, "
    "found an array");
  CHECK(
    problem_with("finalizer = 'disconnect'", {}) ==
    "troupe.toml:2:13: pool.web.finalizer: unknown task \"disconnect\"; the program has not named "
    "any");
}
