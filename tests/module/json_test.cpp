// Arguments from JSON and results to JSON, by their types: what a module's task does with each call.
#include "support/catch.hpp"

#include <troupe/module.hpp>
#include <troupe/module_host.hpp>

#include <chrono>
#include <deque>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

using namespace std::chrono_literals;
using troupe::json_error;
namespace detail = troupe::detail;

namespace {

// What a task with one parameter of that type makes of JSON, which it returns.
template <class T>
std::string through(std::string_view json) {
  const auto task = detail::module_task_of(
    "f", +[](T value) { return value; });
  return detail::call_module_task(task, json, troupe::call_form::json);
}

template <class T>
void check_same(const std::string& json) {
  CHECK(through<T>(json) == json);
}

using two_integers = std::tuple<int, int>;
using text_or_flag = std::variant<std::string, bool>;

enum class color : unsigned char { red, green };

template <color>
struct of_enum {
  int x = 0;
};

struct point {
  int x = 0;
  double y = 0;
};

struct shape {
  std::string name;
  std::vector<point> points;
  std::optional<std::string> note;
  std::map<std::string, std::pair<int, bool>> marks;
};

struct tree {
  int value = 0;
  std::vector<tree> children;
};

// With the inspect functions of both versions of CAF.
struct named {
  int a = 0;
  std::string b;
};
template <class Inspector>
bool inspect(Inspector& f, named& x) {
  return f.object(x).fields(f.field("a", x.a), f.field("b", x.b));
}
class unnamed {
public:
  int a = 0;
  std::string b;
  template <class Inspector>
  friend auto inspect(Inspector& f, unnamed& x) {
    return f(x.a, x.b);
  }

private:
  int hidden_ = 0;
};

} // namespace

TEST_CASE("every kind of value is the same after it came from JSON and went to it") {
  check_same<int>("-5");
  check_same<std::uint64_t>("18446744073709551615");
  check_same<std::int64_t>("-9223372036854775808");
  check_same<double>("0.1");
  check_same<float>("0.1");
  check_same<bool>("true");
  check_same<color>("1");
  check_same<std::string>(R"("a \"quoted\" \\ line\nand \u0001 and bücher")");
  check_same<std::filesystem::path>(R"("/tmp/x")");
  check_same<std::vector<int>>("[1,2,3]");
  check_same<std::deque<std::string>>(R"(["a","b"])");
  check_same<std::set<int>>("[1,2]");
  check_same<std::vector<bool>>("[true,false]");
  check_same<std::array<int, 2>>("[1,2]");
  check_same<std::map<std::string, int>>(R"({"a":1,"b":2})");
  check_same<std::map<int, std::string>>(R"([[1,"a"],[2,"b"]])");
  check_same<std::optional<int>>("null");
  check_same<std::optional<int>>("3");
  check_same<std::tuple<int, std::string>>(R"([1,"a"])");
  check_same<std::variant<int, std::string, std::vector<int>>>(R"("a")");
  check_same<std::variant<int, std::string, std::vector<int>>>("[1]");
  check_same<std::shared_ptr<int>>("7");
  check_same<std::monostate>("null");
  check_same<point>(R"({"x":1,"y":2.5})");
  check_same<shape>(R"({"name":"a","points":[{"x":1,"y":2}],"note":null,"marks":{"m":[1,true]}})");
  check_same<tree>(R"({"value":1,"children":[{"value":2,"children":[]}]})");
  struct local {
    int within_a_function = 0;
    of_enum<color::green> of_template;
  };
  check_same<local>(R"({"within_a_function":1,"of_template":{"x":2}})");
  check_same<named>(R"({"a":1,"b":"x"})");
  check_same<unnamed>(R"([1,"x"])");
}

TEST_CASE("times are texts") {
  check_same<std::chrono::milliseconds>(R"("250ms")");
  check_same<std::chrono::seconds>(R"("90s")");
  check_same<std::chrono::hours>(R"("2h")");
  check_same<std::chrono::nanoseconds>(R"("5ns")");
  CHECK(through<std::chrono::seconds>(R"("2m")") == R"("120s")");
  CHECK(through<std::chrono::duration<double>>(R"("250ms")") == R"("0.25s")");
  check_same<std::chrono::system_clock::time_point>(R"("2026-05-01T12:30:00.25Z")");
  check_same<std::chrono::sys_seconds>(R"("1969-12-31T23:59:59Z")");
  check_same<std::chrono::year_month_day>(R"("2024-02-29")");
  CHECK_THROWS_WITH(through<std::chrono::seconds>("30"),
    "the argument: a duration like \"30s\" or \"250ms\" is expected, this is a number");
  CHECK_THROWS_WITH(through<std::chrono::seconds>(R"("30")"),
    "the argument: a duration like \"30s\" or \"250ms\" is expected, this is \"30\"; the units are "
    "ns, us, ms, s, m and h");
  CHECK_THROWS_WITH(through<std::chrono::seconds>(R"("1500ms")"),
    "the argument: \"1500ms\" is not a whole number of what is counted, which is 1/1 s");
  CHECK_THROWS_WITH(through<std::chrono::year_month_day>(R"("2023-02-29")"),
    "the argument: a date like \"2026-05-01\" is expected, this is \"2023-02-29\"");
  CHECK_THROWS_WITH(through<std::chrono::system_clock::time_point>(R"("2026-05-01")"),
    "the argument: a time like \"2026-05-01T12:30:00Z\" is expected, this is \"2026-05-01\"");
  CHECK_THROWS_WITH(through<std::chrono::nanoseconds>(R"("9223372036854775807h")"),
    "the argument: this duration is too long");
}

TEST_CASE("what does not fit is refused with its place") {
  CHECK_THROWS_WITH(through<int>("\"5\""),
    "the argument: an integer from -2147483648 to 2147483647 is expected, this is a string");
  CHECK_THROWS_WITH(through<std::uint8_t>("256"),
    "the argument: an integer from 0 to 255 is expected, this is 256");
  CHECK_THROWS_WITH(
    through<std::uint8_t>("-1"), "the argument: an integer from 0 to 255 is expected, this is -1");
  CHECK_THROWS_WITH(through<std::int64_t>("9223372036854775808"),
    "the argument: an integer from -9223372036854775808 to 9223372036854775807 is expected, this "
    "is "
    "9223372036854775808");
  CHECK_THROWS_WITH(through<int>("1.0"),
    "the argument: an integer from -2147483648 to 2147483647 is expected, this is one with a "
    "fraction or an exponent");
  CHECK_THROWS_WITH(
    through<bool>("1"), "the argument: true or false is expected, this is a number");
  CHECK_THROWS_WITH(through<double>("null"), "the argument: a number is expected, this is null");
  CHECK_THROWS_WITH(
    through<two_integers>("[1]"), "the argument: an array of 2 is expected, this is one of 1");
  CHECK_THROWS_WITH(
    through<text_or_flag>("1"), "the argument: string or bool is expected, this is a number");
  CHECK_THROWS_WITH(
    through<shape>(R"({"name":"a","points":[{"x":1,"y":2},{"x":"1","y":2}],"marks":{}})"),
    "the argument, .points[1].x: an integer from -2147483648 to 2147483647 is expected, this is a "
    "string");
  CHECK_THROWS_WITH(through<shape>(R"({"name":"a","points":[],"marks":{"a b":[1]}})"),
    "the argument, .marks.\"a b\": an array of 2 is expected, this is one of 1");
  CHECK_THROWS_WITH(through<point>(R"({"x":1})"), "the argument: the field \"y\" is missing");
  CHECK_THROWS_WITH(through<point>(R"({"x":1,"y":2,"zz":3})"),
    "the argument: there is no field \"zz\"; valid: x, y");
  CHECK_THROWS_WITH(through<named>(R"({"a":1})"), "the argument: the field \"b\" is missing");
  CHECK_THROWS_WITH(
    through<unnamed>("[1]"), "the argument: an array of 2 is expected, this is one of 1");
}

TEST_CASE("text that is not JSON is refused") {
  CHECK_THROWS_AS(through<int>(""), json_error);
  CHECK_THROWS_WITH(through<int>("{"), Catch::StartsWith("the input is not JSON: parse error at "));
  CHECK_THROWS_WITH(through<std::string>("\"\xff\""), Catch::StartsWith("the input is not JSON: "));
}

TEST_CASE("values without end are refused before they take the stack") {
  const auto nested = [](std::size_t depth) {
    std::string json;
    for (std::size_t i = 0; i < depth; ++i)
      json += R"({"value":1,"children":[)";
    for (std::size_t i = 0; i < depth; ++i)
      json += "]}";
    return json;
  };
  check_same<tree>(nested(200));
  CHECK_THROWS_WITH(through<tree>(nested(100'000)), "a value is nested more than 512 deep");
}

TEST_CASE("results that JSON cannot say are refused with their place") {
  const auto result = [](auto function) {
    const auto task = detail::module_task_of("f", +function);
    return detail::call_module_task(task, "[]", troupe::call_form::json);
  };
  CHECK_THROWS_WITH(result([] {
    return point{1, std::numeric_limits<double>::infinity()};
  }),
    "the result, .y: this is not a number that JSON can say: it is infinite, or none at all");
  CHECK_THROWS_WITH(result([] {
    return std::vector<std::string>{"a", "\xff"};
  }),
    "the result, [1]: this text is not UTF-8, and JSON is");
  CHECK(result([] {}) == "null");
}

TEST_CASE("several arguments are an array, and each is named by its number") {
  const auto task = detail::module_task_of(
    "f", +[](int a, const std::string& b) { return b + std::to_string(a); });
  const auto call = [&](std::string_view json) {
    return detail::call_module_task(task, json, troupe::call_form::json);
  };
  CHECK(call(R"([1,"x"])") == R"("x1")");
  CHECK_THROWS_WITH(call(R"([1,2])"), "argument 2: a string is expected, this is a number");
  CHECK_THROWS_WITH(call("[1]"), "the task takes an array of 2 arguments, and is given one of 1");
  CHECK_THROWS_WITH(call("5"), "the task takes an array of 2 arguments, and is given a number");
}

TEST_CASE("a line of text is the argument of a task that takes a string, and JSON for others") {
  const auto shout = detail::module_task_of(
    "f", +[](std::string_view text) { return std::string(text) + "!"; });
  CHECK(detail::call_module_task(shout, "a \"b\"", troupe::call_form::text) == "a \"b\"!");
  CHECK(detail::call_module_task(shout, "a", troupe::call_form::text_to_json) == "\"a!\"");
  CHECK(detail::call_module_task(shout, "\"a\"", troupe::call_form::json) == "\"a!\"");
  const auto next = detail::module_task_of(
    "f", +[](int n) { return n + 1; });
  CHECK(detail::call_module_task(next, "5", troupe::call_form::text) == "6");
  CHECK_THROWS_AS(detail::call_module_task(next, "five", troupe::call_form::text), json_error);
}

TEST_CASE("a task is called what its function is called") {
  using names = std::vector<std::string>;
  CHECK(detail::names_of_functions("add") == names{"add"});
  CHECK(detail::names_of_functions("a::b::add, &sub , troupe::blocking(x::mul)") ==
        names{"add", "sub", "mul"});
  CHECK(
    detail::names_of_functions(
      R"(troupe::named("a, b", [](int x, int y) { return x < y; }), last)") == names{"", "last"});
  CHECK(detail::names_of_functions("pick<int, long>, [] { return 1; }").size() == 2);
}

TEST_CASE("a module says what is wrong with its list") {
  const auto f = [] {};
  CHECK(detail::make_module("f", f).problem == nullptr);
  CHECK_THAT(detail::make_module("[] {}", f).problem, Catch::Contains("has no name"));
  CHECK_THAT(detail::make_module("f, x::f", f, f).problem, Catch::Contains("have the same name"));
}

TEST_CASE("signatures are told in words") {
  const auto task = detail::module_task_of(
    "f", +[](shape, std::optional<std::chrono::seconds>) { return tree(); });
  troupe::module_task_info info{
    "f", troupe::module_task_kind::plain, task.parameters, task.result, false};
  CHECK_THAT(info.signature(),
    Catch::StartsWith(
      "f({name: string, points: [{x: integer, y: number}, ...], note: string or null, "
      "marks: {string: [integer, bool]}}, duration or null) -> {value: integer, children: ["));
}

TEST_CASE("a task is found by its name, and by its module where that is not enough") {
  const auto named_task = [](const char* name) {
    troupe::module_task_info task;
    task.name = name;
    return task;
  };
  const troupe::module_info one{"/x/libone.so.1", {named_task("add"), named_task("same")}};
  const troupe::module_info two{"/x/two.so", {named_task("same")}};
  CHECK(one.name() == "one");
  CHECK(troupe::find_task({one, two}, "add").module == one.path);
  CHECK(troupe::find_task({one, two}, "two:same").module == two.path);
  CHECK(troupe::find_task({one, two}, "/x/two.so:same").module == two.path);
  CHECK_THROWS_WITH(troupe::find_task({one, two}, "same"),
    "task \"same\" is in /x/libone.so.1 and in /x/two.so; write \"MODULE:same\"");
  CHECK_THROWS_WITH(
    troupe::find_task({one}, "ad"), "/x/libone.so.1: unknown task \"ad\"; did you mean \"add\"?");
  CHECK_THROWS_WITH(
    troupe::find_task({one}, "oen:add"), "unknown module \"oen\"; did you mean \"one\"?");
}

TEST_CASE("a task's name may have colons in it") {
  const auto named_task = [](const char* name) {
    troupe::module_task_info task;
    task.name = name;
    return task;
  };
  const troupe::module_info books{
    "/x/books.so", {named_task("books::x"), named_task("a:b"), named_task("x")}};
  for (const std::string name : {"books::x", "a:b", "x"})
    for (const std::string before : {"", "books:", "/x/books.so:"}) {
      CAPTURE(name, before);
      CHECK(troupe::find_task({books}, before + name).task.name == name);
    }
  CHECK_THROWS_WITH(troupe::find_task({books}, "book::x"),
    "/x/books.so: unknown task \"book::x\"; did you mean \"books::x\"?");
  CHECK_THROWS_WITH(troupe::find_task({books}, "books:book::x"),
    "/x/books.so: unknown task \"book::x\"; did you mean \"books::x\"?");
  CHECK_THROWS_WITH(troupe::find_task({books}, "boks:books::x"),
    "unknown module \"boks\"; did you mean \"books\"?");
  CHECK_THROWS_WITH(troupe::find_task({books}, "books.so::x"),
    "/x/books.so: unknown task \"books.so::x\"; did you mean \"books::x\"?");
}
