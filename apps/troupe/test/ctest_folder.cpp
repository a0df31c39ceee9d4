#include "test/ctest_folder.hpp"

#include "test/expressions.hpp"
#include "test/frameworks/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <stdexcept>

namespace troupe_cli::test {
namespace {

using json = nlohmann::json;

constexpr double default_timeout_seconds = 1500; // CTest's own
constexpr double longest_timeout_seconds = 24 * 3600;

std::vector<std::string> texts_of(const json& from) {
  std::vector<std::string> out;
  if (from.is_string())
    out.push_back(from.get<std::string>());
  else if (from.is_array())
    for (const auto& each : from)
      if (each.is_string())
        out.push_back(each.get<std::string>());
  return out;
}

/// What the tests say of each other, by names.
struct relations {
  std::vector<std::string> after;
  std::vector<std::string> sets_up;
  std::vector<std::string> cleans_up;
  std::vector<std::string> needs;
};

/// A list of expressions, each of which must be one that can be used.
std::vector<std::string> expressions_of(const json& value, const std::string& test) {
  auto out = texts_of(value);
  for (const auto& each : out)
    if (const auto problem = problem_of_expression(each); !problem.empty())
      throw std::runtime_error("the test \"" + test + "\" has the regular expression \"" + each +
                               "\", which cannot be used: " + problem);
  return out;
}

/// Variables that are modified begin with what they are in this process, or in ENVIRONMENT.
void modify_environment(const std::vector<std::string>& changes, test_settings& to) {
  std::map<std::string, std::optional<std::string>> variables;
  for (const auto& each : to.environment)
    variables[each.substr(0, each.find('='))] =
      each.substr(std::min(each.find('='), each.size() - 1) + 1);
  for (const auto& change : changes) {
    const auto equals = change.find('=');
    if (equals == std::string::npos)
      continue;
    const auto name = change.substr(0, equals);
    const auto operation = change.substr(equals + 1);
    const char* own = std::getenv(name.c_str());
    const auto inherited = own == nullptr ? std::nullopt : std::optional<std::string>(own);
    const auto at = variables.try_emplace(name, inherited).first;
    at->second =
      operation.starts_with("reset:") ? inherited : modified_variable(at->second, operation);
  }
  to.environment.clear();
  for (const auto& [name, value] : variables)
    if (value)
      to.environment.push_back(name + '=' + *value);
    else
      to.environment_without.push_back(name);
}

class property_reader {
public:
  property_reader(planned_test& to, relations& others)
    : test_(to)
    , settings_(to.settings)
    , others_(others) {}

  void read(const std::string& name, const json& value) {
    if (name == "WORKING_DIRECTORY")
      settings_.directory = value.is_string() ? value.get<std::string>() : std::string{};
    else if (name == "ENVIRONMENT")
      settings_.environment = texts_of(value);
    else if (name == "ENVIRONMENT_MODIFICATION")
      changes_ = texts_of(value);
    else if (name == "RESOURCE_LOCK")
      settings_.exclusive = texts_of(value);
    else if (name == "LABELS")
      test_.what.tags = texts_of(value);
    else if (name == "DEPENDS")
      others_.after = texts_of(value);
    else if (name == "FIXTURES_SETUP")
      others_.sets_up = texts_of(value);
    else if (name == "FIXTURES_CLEANUP")
      others_.cleans_up = texts_of(value);
    else if (name == "FIXTURES_REQUIRED")
      others_.needs = texts_of(value);
    else if (name == "PASS_REGULAR_EXPRESSION")
      settings_.plain.pass_expressions = expressions_of(value, test_.what.name);
    else if (name == "FAIL_REGULAR_EXPRESSION")
      settings_.plain.fail_expressions = expressions_of(value, test_.what.name);
    else if (name == "SKIP_REGULAR_EXPRESSION")
      settings_.plain.skip_expressions = expressions_of(value, test_.what.name);
    else
      read_simple(name, value);
  }

  void finish() { modify_environment(changes_, settings_); }

private:
  void read_simple(const std::string& name, const json& value) {
    const bool flag = value.is_boolean() && value.get<bool>();
    const double number = value.is_number() ? value.get<double>() : 0;
    if (name == "RUN_SERIAL")
      settings_.serial = flag;
    else if (name == "WILL_FAIL")
      settings_.plain.will_fail = flag;
    else if (name == "DISABLED")
      test_.what.disabled = flag;
    else if (name == "COST")
      settings_.cost = number;
    else if (name == "PROCESSORS")
      settings_.weight = static_cast<unsigned>(std::clamp(number, 1.0, 1024.0));
    else if (name == "SKIP_RETURN_CODE" && value.is_number())
      settings_.plain.skip_exit_code = static_cast<int>(std::clamp(number, -1.0, 256.0));
    else if (name == "TIMEOUT") // 0: none
      settings_.timeout = std::chrono::milliseconds(
        std::llround(std::clamp(number, 0.0, longest_timeout_seconds) * 1000));
  }

  planned_test& test_;
  test_settings& settings_;
  relations& others_;
  std::vector<std::string> changes_;
};

struct read_test {
  program which;
  planned_test test;
  relations others;
};

/// The place of a test in its CMakeLists.txt, through the graph of places.
void read_place(const json& backtrace, const json& from, test_case& to) {
  const auto number = from.value("backtrace", json());
  const auto nodes = backtrace.value("nodes", json::array());
  const auto files = backtrace.value("files", json::array());
  if (!number.is_number_unsigned() || number.get<std::size_t>() >= nodes.size())
    return;
  const auto& node = nodes[number.get<std::size_t>()];
  const auto file = node.value("file", json());
  const auto line = node.value("line", json());
  if (!file.is_number_unsigned() || file.get<std::size_t>() >= files.size() ||
      !line.is_number_unsigned())
    return;
  const auto& name = files[file.get<std::size_t>()];
  if (!name.is_string())
    return;
  to.file = name.get<std::string>();
  to.line = line.get<unsigned>();
}

read_test read_one(const json& from, const json& backtrace) {
  read_test out;
  out.which.name = from.value("name", "");
  out.test.what.name = out.which.name;
  out.test.settings.timeout =
    std::chrono::milliseconds(std::llround(default_timeout_seconds * 1000));
  auto command = texts_of(from.value("command", json::array()));
  if (!command.empty()) {
    out.which.path = command.front();
    out.which.arguments.assign(command.begin() + 1, command.end());
  }
  property_reader reader(out.test, out.others);
  for (const auto& each : from.value("properties", json::array()))
    if (each.is_object() && each.contains("value"))
      reader.read(each.value("name", ""), each["value"]);
  reader.finish();
  read_place(backtrace, from, out.test.what);
  return out;
}

bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::any_of(
    a, [&b](const std::string& each) { return std::ranges::find(b, each) != b.end(); });
}

/// The set-up of a fixture comes before those that need it, and its clean-up after them and the set-up.
void relate(std::vector<read_test>& tests, std::size_t first) {
  for (auto& each : tests)
    for (std::size_t i = 0; i < tests.size(); ++i) {
      const auto& other = tests[i];
      if (&other == &each)
        continue;
      const bool needed = share(each.others.needs, other.others.sets_up);
      const bool cleaned = share(each.others.cleans_up, other.others.needs) ||
                           share(each.others.cleans_up, other.others.sets_up);
      if (needed)
        each.test.requires_passed.push_back(first + i);
      if (needed || cleaned ||
          std::ranges::find(each.others.after, other.which.name) != each.others.after.end())
        each.test.after.push_back(first + i);
    }
}

} // namespace

std::optional<std::string> modified_variable(
  std::optional<std::string> value, std::string_view operation) {
  const auto colon = operation.find(':');
  const auto what = operation.substr(0, colon);
  const std::string text(colon == std::string_view::npos ? "" : operation.substr(colon + 1));
  if (what == "unset")
    return std::nullopt;
  if (what == "set")
    return text;
  const bool path = what.starts_with("path_list_");
  const bool cmake = what.starts_with("cmake_list_");
  const std::string separator = path ? ":" : cmake ? ";" : "";
  const bool empty = !value || value->empty();
  if (what.ends_with("append"))
    return empty ? text : *value + separator + text;
  if (what.ends_with("prepend"))
    return empty ? text : text + separator + *value;
  return value;
}

void add_ctest_tests(std::string_view text, plan& to) {
  const auto whole = json::parse(text, nullptr, false);
  if (!whole.is_object() || !whole.contains("tests") || !whole["tests"].is_array())
    throw std::runtime_error("what ctest wrote is not a list of tests (json-v1)");
  std::vector<read_test> tests;
  const auto backtrace = whole.value("backtraceGraph", json::object());
  for (const auto& each : whole["tests"])
    if (each.is_object())
      tests.push_back(read_one(each, backtrace));
  relate(tests, to.tests.size());
  for (auto& each : tests) {
    each.test.program = to.programs.size();
    to.programs.push_back(std::move(each.which));
    to.tests.push_back(std::move(each.test));
  }
}

} // namespace troupe_cli::test
