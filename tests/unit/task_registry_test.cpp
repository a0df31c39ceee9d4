#include "support/catch.hpp"

#include <troupe/task_registry.hpp>

#include <limits>

using troupe::scalar;
using troupe::task_registry;

namespace {

int add(int a, std::uint8_t b) {
  return a + b;
}

void configure(bool, double, const std::string&, std::filesystem::path) {}

void take_list(const std::vector<int>&) {}

boost::asio::awaitable<void> nap(int) {
  co_return;
}

std::string problem_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
  return "none";
}

bool same(const troupe::bound_call& a, const troupe::bound_call& b) {
  return a.code().thunk == b.code().thunk && a.code().target == b.code().target &&
         a.code().kind == b.code().kind &&
         std::ranges::equal(
           troupe::detail::view(a.arguments()), troupe::detail::view(b.arguments()));
}

} // namespace

TEST_CASE("a call by name is the call that code would make") {
  task_registry tasks;
  tasks.add("add", add)
    .add("configure", configure)
    .add("nap", nap)
    .add("blocking", troupe::blocking(add))
    .add("lambda", [](std::int64_t x) { return -x; })
    .add("nothing", [] {});
  using list = std::vector<scalar>;
  CHECK(same(tasks.call("add", list{std::int64_t{-3}, std::int64_t{255}}),
    troupe::call(add, -3, std::uint8_t{255})));
  CHECK(same(tasks.call("configure", list{true, 0.5, "text", "a/b"}),
    troupe::call(configure, true, 0.5, "text", "a/b")));
  CHECK(same(tasks.call("configure", list{false, std::int64_t{2}, "", ""}),
    troupe::call(configure, false, 2.0, "", "")));
  CHECK(same(tasks.call("nap", list{std::int64_t{1}}), troupe::call(nap, 1)));
  CHECK(same(tasks.call("blocking", list{std::int64_t{1}, std::int64_t{2}}),
    troupe::call(troupe::blocking(add), 1, std::uint8_t{2})));
  CHECK(tasks.call("lambda", list{std::numeric_limits<std::int64_t>::min()}));
  CHECK(tasks.call("nothing"));
  CHECK(tasks.names() ==
        std::vector<std::string>{"add", "blocking", "configure", "lambda", "nap", "nothing"});
  CHECK(tasks.contains("add"));
  CHECK_FALSE(tasks.contains("ad"));
}

TEST_CASE(
  "arguments that a named function does not take are refused, and it is said what it takes") {
  task_registry tasks;
  tasks.add("add", add).add("configure", configure).add("list", take_list);
  const auto problem = [&](std::string_view name, const std::vector<scalar>& arguments) {
    return problem_of([&] { tasks.call(name, arguments); });
  };
  const std::int64_t one = 1;
  CHECK(problem("ad\x1b"
                "d",
          {}) == "there is no task \"ad\\x1bd\": tasks get their names in a troupe::task_registry");
  CHECK(problem("add", {}) == "task \"add\" takes 2 arguments, and is given 0");
  CHECK(problem("list", {one, one}) == "task \"list\" takes 1 argument, and is given 2");
  CHECK(problem("add", {one, std::int64_t{256}}) ==
        "argument 2 of task \"add\" must be an integer from 0 to 255");
  CHECK(problem("add", {one, std::int64_t{-1}}) ==
        "argument 2 of task \"add\" must be an integer from 0 to 255");
  CHECK(problem("add", {1.5, one}) ==
        "argument 1 of task \"add\" must be an integer from -2147483648 to 2147483647");
  CHECK(problem("add", {true, one}) ==
        "argument 1 of task \"add\" must be an integer from -2147483648 to 2147483647");
  CHECK(problem("configure", {one, 1.0, "", ""}) ==
        "argument 1 of task \"configure\" must be true or false");
  CHECK(problem("configure", {true, "1", "", ""}) ==
        "argument 2 of task \"configure\" must be a number");
  CHECK(problem("configure", {true, 1.0, one, ""}) ==
        "argument 3 of task \"configure\" must be a string");
  CHECK(problem("configure", {true, 1.0, "", one}) ==
        "argument 4 of task \"configure\" must be a string");
  CHECK(problem("list", {one}) ==
        "argument 1 of task \"list\" must come from code: its type is none of bool, integer, "
        "floating-point number, string and path");
}

TEST_CASE("a name is given once, and is not empty") {
  task_registry tasks;
  tasks.add("add", add);
  CHECK(problem_of([&] { tasks.add("add", add); }) == "there is a task \"add\" already");
  CHECK(problem_of([&] { tasks.add("", add); }) == "a task needs a name that is not empty");
}

TEST_CASE("character types are integers to a configuration file") {
  task_registry tasks;
  tasks.add("narrow", [](char, signed char, unsigned char, char8_t) {})
    .add("wide", [](wchar_t, char16_t, char32_t) {})
    .add("byte", [](char8_t) {});
  using list = std::vector<scalar>;
  CHECK(tasks.call("narrow", list(4, scalar(std::int64_t{65}))));
  CHECK(tasks.call("wide", list(3, scalar(std::int64_t{65}))));
  CHECK(problem_of([&] { tasks.call("byte", list{std::int64_t{256}}); }) ==
        "argument 1 of task \"byte\" must be an integer from 0 to 255");
}
