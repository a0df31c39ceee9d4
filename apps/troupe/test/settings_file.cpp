// The TOML file of `--settings`.
#include "test/settings.hpp"

#include "text/terminal_text.hpp"

#include <troupe/config.hpp>

#include <chrono>
#include <stdexcept>

namespace troupe_cli::test {
namespace {

using namespace std::chrono_literals;
using troupe::config_table;

constexpr std::chrono::milliseconds longest = 24h;

// Each of these says nothing where the file says nothing.

std::optional<std::chrono::milliseconds> time_of(config_table& table, std::string_view key) {
  const bool given = table.has(key);
  const auto time = table.duration(key, 0ms, longest, 0ms);
  return given ? std::optional(time) : std::nullopt;
}

std::optional<unsigned> number_of(
  config_table& table, std::string_view key, unsigned least, unsigned most) {
  const bool given = table.has(key);
  const auto number = table.integer(key, least, most, least);
  return given ? std::optional(static_cast<unsigned>(number)) : std::nullopt;
}

std::optional<bool> flag_of(config_table& table, std::string_view key) {
  const bool given = table.has(key);
  const bool flag = table.flag(key, false);
  return given ? std::optional(flag) : std::nullopt;
}

std::vector<std::string> environment_of(config_table& table) {
  std::vector<std::string> variables;
  auto inner = table.table("environment");
  if (!inner)
    return variables;
  for (const auto& name : inner->keys()) {
    if (name.empty() || name.find('=') != std::string::npos)
      inner->refuse(name, "a variable has a name, without \"=\"");
    variables.push_back(name + '=' + inner->text(name).value_or(""));
  }
  return variables;
}

settings_entry read_entry(config_table& table) {
  settings_entry out;
  out.timeout = time_of(table, "timeout");
  out.slow = time_of(table, "slow");
  out.retries = number_of(table, "retries", 0, 100);
  out.weight = number_of(table, "weight", 1, 1024);
  out.serial = flag_of(table, "serial");
  out.fork = flag_of(table, "fork");
  out.exclusive = table.texts("exclusive");
  out.environment = environment_of(table);
  return out;
}

settings_entry read_tests(config_table& table) {
  std::optional<filter> chosen;
  if (!table.has("filter"))
    table.refuse("", "a filter is missing, such as filter = \"suite(net)\"");
  const auto which = table.text("filter");
  try {
    if (which)
      chosen.emplace(*which);
  } catch (const std::invalid_argument& problem) {
    table.refuse("filter", text::printable(problem.what()));
  }
  auto out = read_entry(table);
  out.which = std::move(chosen);
  return out;
}

} // namespace

settings_file read_settings(const std::string& path) {
  troupe::config_file file(path, {.own = true});
  auto top = file.top();
  settings_file out;
  out.setup = top.texts("setup");
  out.teardown = top.texts("teardown");
  if (auto defaults = top.table("defaults"))
    out.entries.push_back(read_entry(*defaults));
  for (auto& table : top.table_list("tests"))
    out.entries.push_back(read_tests(table));
  file.finish();
  return out;
}

} // namespace troupe_cli::test
