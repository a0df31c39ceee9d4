#include "jobs/read_job.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include <unistd.h>

namespace troupe_cli {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using troupe::config_table;

constexpr std::string_view standard_stream = "-";
constexpr auto longest = std::chrono::milliseconds(24h);

fs::path from(const fs::path& directory, const std::string& file) {
  return file == standard_stream ? fs::path(file) : directory / file;
}

// A directory may have what is a pattern elsewhere in its name.
fs::path escaped_for_glob(const fs::path& directory) {
  std::string out;
  for (const char c : directory.native()) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

std::string like_input(const std::string& found) {
  return "expected one of lines, json, csv, glob, range, values and job, found " + found;
}

// -- inputs ---------------------------------------------------------------------------------------------

void read_range(config_table& table, job_input& input) {
  const auto numbers = table.json_list("range").value_or(std::vector<std::string>{});
  std::vector<std::int64_t> read;
  for (const auto& text : numbers) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      return table.refuse("range", "expected integers, [first, last] or [first, last, step]");
    read.push_back(number);
  }
  if (read.size() < 2 || read.size() > 3)
    return table.refuse("range", "expected integers, [first, last] or [first, last, step]");
  input.first = read[0];
  input.last = read[1];
  input.step = read.size() == 3 ? read[2] : 1;
  if (input.step <= 0)
    table.refuse("range", "the step must be 1 or more, is " + std::to_string(input.step));
}

void read_file(config_table& table, std::string_view key, job_input::kind kind,
  const fs::path& directory, job_input& input) {
  const auto name = table.text(key).value_or("");
  if (name.empty() && table.has(key))
    table.refuse(key, "expected the name of a file, or \"-\" for standard input");
  input.what = kind;
  input.file = from(directory, name);
}

void read_input_table(config_table& table, const fs::path& directory, job_input& input) {
  static constexpr std::array<std::string_view, 7> kinds{
    "lines", "json", "csv", "glob", "range", "values", "job"};
  std::vector<std::string_view> given;
  for (const auto kind : kinds)
    if (table.has(kind))
      given.push_back(kind);
  if (given.size() > 1)
    table.refuse(given[1], like_input(std::string(given[0]) + " and " + std::string(given[1])));
  else if (given.empty())
    table.refuse("", like_input("none"));
  const auto is = [&](std::string_view kind) {
    return std::ranges::find(given, kind) != given.end();
  };
  if (is("lines"))
    read_file(table, "lines", job_input::kind::lines, directory, input);
  if (is("json"))
    read_file(table, "json", job_input::kind::json, directory, input);
  if (is("csv")) {
    read_file(table, "csv", job_input::kind::csv, directory, input);
    input.column = table.text("column").value_or("");
  }
  if (is("glob")) {
    input.what = job_input::kind::glob;
    input.pattern = (escaped_for_glob(directory) / table.text("glob").value_or("")).native();
  }
  if (is("range")) {
    input.what = job_input::kind::range;
    read_range(table, input);
  }
  if (is("values")) {
    input.what = job_input::kind::values;
    input.values = table.json_list("values").value_or(std::vector<std::string>{});
  }
  if (is("job")) {
    input.what = job_input::kind::job;
    input.job = table.text("job").value_or("");
  }
  if (is("job") || is("json") || is("values"))
    input.each = table.flag("each", false);
  input.as = table.text("as").value_or("");
  if (!input.as.empty() && input.as.find("{}") == std::string::npos)
    table.refuse("as", "expected a text with {} in it, where the item goes");
}

job_input read_input(config_table& table, const fs::path& directory) {
  job_input input;
  if (table.has_table("input")) {
    auto inner = *table.table("input");
    read_input_table(inner, directory, input);
  } else if (table.has("input")) {
    const auto name = table.text("input").value_or("");
    if (name.empty())
      table.refuse("input", "expected the name of a file, or \"-\" for standard input");
    input.file = from(directory, name);
    input.what = name.ends_with(".jsonl") ? job_input::kind::json : job_input::kind::lines;
  } else {
    // A task without parameters takes [], and a command gets no further word for null.
    input.values = {table.json("arguments").value_or(table.has("command") ? "null" : "[]")};
  }
  return input;
}

// -- outputs --------------------------------------------------------------------------------------------

job_output::format format_of(const fs::path& file) {
  const auto suffix = file.extension();
  if (suffix == ".csv")
    return job_output::format::csv;
  return suffix == ".jsonl" || suffix == ".json" ? job_output::format::json
                                                 : job_output::format::text;
}

job_output read_output(config_table& table, const fs::path& directory) {
  job_output output;
  if (table.has_table("output")) {
    static constexpr std::array<std::string_view, 3> formats{"text", "json", "csv"};
    auto inner = *table.table("output");
    const auto name = inner.text("file").value_or("-");
    output.file = from(directory, name);
    output.how = static_cast<job_output::format>(
      inner.choice("format", "format", formats, static_cast<std::size_t>(format_of(name))));
    output.columns = inner.texts("columns");
    if (!output.columns.empty() && output.how != job_output::format::csv)
      inner.refuse("columns", "only CSV has columns: format = \"csv\"");
    if (name.empty())
      inner.refuse("file", "expected the name of a file, or \"-\" for standard output");
  } else if (const auto name = table.text("output")) {
    if (name->empty())
      table.refuse("output", "expected the name of a file, or \"-\" for standard output");
    output.file = from(directory, *name);
    output.how = format_of(*name);
  }
  return output;
}

// -- how its tasks run ----------------------------------------------------------------------------------

troupe::task_options read_task_options(config_table& table) {
  constexpr std::chrono::milliseconds none{0};
  troupe::task_options options;
  options.timeout = table.duration("timeout", none, longest, none);
  options.expires = table.duration("expires", none, longest, none);
  options.idempotent = table.flag("idempotent", false);
  options.priority = static_cast<int>(table.integer("priority", -1000, 1000, 0));
  if (table.has_table("retries")) {
    auto inner = *table.table("retries");
    const troupe::retry_options defaults;
    auto& retries = options.retries;
    retries.max_attempts = static_cast<std::size_t>(inner.integer("max_attempts", 1, 1'000'000, 1));
    retries.backoff = inner.duration("backoff", none, longest, defaults.backoff);
    retries.max_backoff = inner.duration("max_backoff", none, longest, defaults.max_backoff);
    retries.jitter = inner.real("jitter", 0, 1, defaults.jitter);
  } else {
    options.retries.max_attempts =
      1 + static_cast<std::size_t>(table.integer("retries", 0, 999'999, 0));
  }
  return options;
}

std::string choose_pool(config_table& table, const std::vector<std::string>& pools) {
  const auto given = table.text("pool");
  if (!given)
    return pools.size() == 1 ? pools.front() : std::string();
  if (std::ranges::find(pools, *given) == pools.end())
    table.refuse_name("pool", "pool", *given, pools);
  return *given;
}

void read_work(config_table& table, job& one) {
  one.task = table.text("task").value_or("");
  one.command = table.texts("command");
  if (table.has("task") && table.has("command"))
    table.refuse("command", "a job has a task or a command, this has both");
  else if (!table.has("task") && !table.has("command"))
    table.refuse("", "a job has a task or a command, this has neither");
  else if (table.has("task") && one.task.empty())
    table.refuse("task", "expected the name of a task");
  else if (table.has("command") && (one.command.empty() || one.command.front().empty()))
    table.refuse("command", "expected a program and its arguments");
}

void check_input_file(config_table& table, const job& one) {
  const bool has_file = one.input.what == job_input::kind::lines ||
                        one.input.what == job_input::kind::json ||
                        one.input.what == job_input::kind::csv;
  // One that other jobs come before may be theirs.
  if (!has_file || one.input.file == standard_stream || !one.after.empty())
    return;
  if (::access(one.input.file.c_str(), R_OK) != 0)
    table.refuse("input", "cannot read it: " + std::system_category().message(errno));
}

} // namespace

job read_job(
  config_table& table, const fs::path& directory, const std::vector<std::string>& pools) {
  static constexpr std::array<std::string_view, 2> on_failure{"continue", "stop"};
  job one{.name = table.name()};
  read_work(table, one);
  one.pool = choose_pool(table, pools);
  one.input = read_input(table, directory);
  one.output = read_output(table, directory);
  one.after = table.texts("after");
  one.stop_on_failure = table.choice("on_failure", "reaction", on_failure, 0) == 1;
  one.options = read_task_options(table);
  one.options.name = one.name;
  one.in_flight = static_cast<std::size_t>(
    table.integer("in_flight", 1, 1'000'000, static_cast<std::int64_t>(one.in_flight)));
  check_input_file(table, one);
  return one;
}

} // namespace troupe_cli
