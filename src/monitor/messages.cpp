#include "monitor/messages.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "monitor/module_files.hpp"

#include <troupe/version.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <stdexcept>
#include <system_error>

namespace troupe::monitor {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int protocol_version = 1;

std::int64_t microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// -- requests -------------------------------------------------------------------------------------------

std::uint64_t number_in(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned())
    throw std::runtime_error(std::string("\"") + key + "\" must be a number");
  return found->get<std::uint64_t>();
}

// Pools are named by text: their numbers have more digits than the numbers of many a reader of JSON.
std::uint64_t pool_in(const json& object) {
  const auto found = object.find("pool");
  std::uint64_t id = 0;
  if (found != object.end() && found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    const auto* const end = text.data() + text.size();
    if (const auto read = std::from_chars(text.data(), end, id);
        read.ec == std::errc() && read.ptr == end)
      return id;
  }
  throw std::runtime_error("\"pool\" must be the \"id\" of a pool, as text");
}

struct known_request {
  const char* key;
  const char* value;
  watcher_request::kind kind;
  const char* number; // the key of the number that it takes, or null
};

constexpr known_request known[] = {
  {"ask", "status", watcher_request::kind::status, nullptr},
  {"ask", "stack", watcher_request::kind::stack, "slot"},
  {"ask", "trace", watcher_request::kind::trace, nullptr},
  {"do", "recycle", watcher_request::kind::recycle, "slot"},
  {"do", "resize", watcher_request::kind::resize, "processes"},
  {"do", "drain", watcher_request::kind::drain, nullptr},
};

// -- answers --------------------------------------------------------------------------------------------

// Modules by their numbers, as far as places in the code name them.
class module_names {
public:
  ordered_json place(const code_location& where) {
    seen_.insert(where.module);
    return {where.module, where.offset};
  }
  ordered_json places(const std::vector<code_location>& frames) {
    auto all = ordered_json::array();
    for (const auto& frame : frames)
      all.push_back(place(frame));
    return all;
  }
  ordered_json table() const {
    auto all = ordered_json::object();
    for (const auto id : seen_) {
      auto path = module_file(id);
      if (!path.empty())
        all[std::to_string(id)] = std::move(path);
    }
    return all;
  }

private:
  std::set<std::uint32_t> seen_;
};

ordered_json answer() {
  return {{"troupe", protocol_version}};
}

std::string line_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// A task by its name, or else by its function.
void add_name(
  ordered_json& to, const std::string& name, const code_location& function, module_names& modules) {
  if (!name.empty())
    to["name"] = base::escape(name);
  else if (function != code_location{})
    to["function"] = modules.place(function);
}

ordered_json view_of(const child_stats& child) {
  return {{"slot", child.slot}, {"pid", child.pid}, {"state", to_string(child.state)},
    {"started", microseconds(child.started.time_since_epoch())}, {"memory", child.memory},
    {"tasks", child.tasks}, {"running", child.running}, {"cpu", child.cpu.count()},
    {"uptime", microseconds(child.uptime)}, {"restarts", child.restarts}};
}

ordered_json view_of(const running_task& task, module_names& modules) {
  ordered_json result{{"id", task.id}};
  add_name(result, task.name, task.function, modules);
  result.update({{"slot", task.slot}, {"pid", task.pid}, {"attempt", task.attempt},
    {"age", microseconds(task.age)}});
  return result;
}

ordered_json view_of(const task_counts& counts, module_names& modules) {
  ordered_json result;
  add_name(result, counts.name, counts.function, modules);
  if (counts.others)
    result["others"] = true;
  result.update({{"submitted", counts.submitted}, {"succeeded", counts.succeeded},
    {"failed", counts.failed}, {"cancelled", counts.cancelled}, {"left", counts.left()},
    {"time", microseconds(counts.time)}});
  return result;
}

ordered_json view_of(const task_failure& failure, module_names& modules) {
  ordered_json result{{"id", failure.id}};
  add_name(result, failure.name, failure.function, modules);
  result.update({{"slot", failure.slot}, {"pid", failure.pid}, {"attempt", failure.attempt},
    {"age", microseconds(failure.age)}, {"type", base::escape(failure.type)},
    {"message", base::escape(failure.message)}, {"stack", modules.places(failure.stack)}});
  return result;
}

ordered_json view_of(const pool_view& pool, module_names& modules) {
  const auto& seen = pool.seen;
  const auto& stats = seen.stats;
  ordered_json result{{"id", std::to_string(pool.id)}, {"name", base::escape(stats.name)},
    {"closing", seen.closing}, {"max_queue", seen.max_queue}, {"submitted", stats.submitted},
    {"succeeded", stats.succeeded}, {"failed", stats.failed}, {"lost", stats.lost},
    {"timed_out", stats.timed_out}, {"expired", stats.expired}, {"retried", stats.retried},
    {"cancelled", stats.cancelled}, {"queued", stats.queued}, {"running", stats.running},
    {"deaths", stats.deaths}, {"spares", stats.spares}};
  for (const auto* list : {"children", "running_tasks", "tasks", "failures"})
    result[list] = ordered_json::array();
  for (const auto& child : stats.children)
    result["children"].push_back(view_of(child));
  const auto shown = std::min(seen.running.size(), limits::max_shown_tasks);
  for (std::size_t i = 0; i < shown; ++i)
    result["running_tasks"].push_back(view_of(seen.running[i], modules));
  for (const auto& counts : seen.tasks)
    result["tasks"].push_back(view_of(counts, modules));
  for (const auto& failure : seen.failures)
    result["failures"].push_back(view_of(failure, modules));
  return result;
}

} // namespace

watcher_request parse_request(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object())
    throw std::runtime_error("a line must be a JSON object, such as {\"ask\": \"status\"}");
  for (const auto& one : known) {
    const auto found = object.find(one.key);
    if (found == object.end() || *found != one.value)
      continue;
    watcher_request result;
    result.what = one.kind;
    if (result.what != watcher_request::kind::status && result.what != watcher_request::kind::trace)
      result.pool = pool_in(object);
    if (one.number != nullptr)
      result.number = number_in(object, one.number);
    return result;
  }
  throw std::runtime_error("it must \"ask\" for \"status\", \"stack\" or \"trace\", or \"do\" "
                           "\"recycle\", \"resize\" or \"drain\"");
}

std::string status_line(const process_view& process) {
  auto result = answer();
  result["version"] = TROUPE_VERSION_STRING;
  result["pid"] = process.pid;
  result["program"] = base::escape(process.program);
  result["command"] = ordered_json::array();
  for (const auto& argument : process.command)
    result["command"].push_back(base::escape(argument));
  module_names modules;
  result["pools"] = ordered_json::array();
  for (const auto& pool : process.pools)
    result["pools"].push_back(view_of(pool, modules));
  result["modules"] = modules.table();
  return line_of(result);
}

std::string stack_line(const std::vector<thread_stack>& stacks) {
  auto result = answer();
  module_names modules;
  result["threads"] = ordered_json::array();
  for (const auto& stack : stacks)
    result["threads"].push_back(
      {{"thread", stack.thread}, {"name", stack.name}, {"frames", modules.places(stack.frames)}});
  result["modules"] = modules.table();
  return line_of(result);
}

std::string done_line() {
  auto result = answer();
  result["done"] = true;
  return line_of(result);
}

std::string error_line(std::string_view problem) {
  auto result = answer();
  result["error"] = base::escape(problem);
  return line_of(result);
}

std::string trace_line(
  pid_t pid, std::string_view program, std::int64_t steady, std::int64_t wall) {
  auto result = answer();
  result["trace"] = true;
  result["pid"] = pid;
  result["program"] = base::escape(program);
  result["steady"] = steady;
  result["wall"] = wall;
  return line_of(result);
}

std::string missed_line(std::uint64_t events) {
  return line_of({{"event", "missed"}, {"events", events}});
}

std::string end_line() {
  return line_of({{"event", "end"}});
}

std::string quoted(std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(text, is_plain)) // most are
    return '"' + std::string(text) + '"';
  return json(base::escape(text)).dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace troupe::monitor
