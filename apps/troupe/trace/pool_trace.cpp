#include "trace/pool_trace.hpp"

#include <troupe/pool_options.hpp>

#include <chrono>

namespace troupe_cli {

namespace {

std::int64_t in_microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

trace_arguments arguments_of(const std::string& pool, const troupe::task_ended& what) {
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  trace_arguments result{{"pool", pool}, {"task", number(what.id)}};
  if (what.items != 1)
    result.emplace_back("items", number(what.items));
  if (what.attempt > 1)
    result.emplace_back("attempt", number(what.attempt));
  result.emplace_back("end", to_string(what.how));
  if (what.failed > 0)
    result.emplace_back("failed", number(what.failed));
  if (!what.type.empty())
    result.emplace_back("type", what.type);
  if (what.signal != 0)
    result.emplace_back("signal", number(what.signal));
  if (what.again)
    result.emplace_back("again", "yes");
  return result;
}

} // namespace

pool_trace::pool_trace(const std::string& file, pid_t pid, const std::string& program)
  : writer_(file)
  , parent_(pid) {
  writer_.name_process(pid, program, 0);
}

void pool_trace::name_child(pid_t pid, const std::string& pool, std::size_t slot) {
  writer_.name_process(
    pid, "pool " + pool + ", slot " + std::to_string(slot), static_cast<std::int64_t>(slot) + 1);
}

void pool_trace::slice(const std::string& pool, std::size_t slot, const trace_slice& what) {
  name_child(what.pid, pool, slot);
  writer_.slice(what);
}

void pool_trace::parent_instant(
  const std::string& name, std::int64_t at, const trace_arguments& arguments) {
  writer_.instant(parent_, at, name, arguments);
}

void pool_trace::task_ended(
  const std::string& pool, const troupe::task_ended& what, const std::string& title) {
  const auto began = in_microseconds(what.began.time_since_epoch());
  const auto end = in_microseconds(what.began.time_since_epoch() + what.ran);
  if (what.started)
    slice(pool, what.slot,
      {what.pid, title, to_string(what.how), began, end - began, arguments_of(pool, what)});
  else
    parent_instant(title + ": " + to_string(what.how), end, arguments_of(pool, what));
  writer_.count(parent_, end, "pool " + pool + ": queued", static_cast<std::int64_t>(what.queued));
}

void pool_trace::child_started(
  const std::string& pool, const troupe::child_started& what, std::int64_t at) {
  name_child(what.pid, pool, what.slot);
  writer_.instant(what.pid, at, what.spare ? "started, as a spare" : "started");
}

void pool_trace::child_ended(
  const std::string& pool, const troupe::child_ended& what, std::int64_t at) {
  if (what.exit.pid == 0)
    return; // it could not be started
  name_child(what.exit.pid, pool, what.exit.slot);
  std::string name = what.died ? "died: " : "ended: ";
  if (what.exit.signal != 0)
    name += troupe::describe_signal(what.exit.signal);
  else
    name += "exit code " + std::to_string(what.exit.exit_code);
  trace_arguments arguments;
  if (!what.exit.reason.empty())
    arguments.emplace_back("reason", what.exit.reason);
  writer_.instant(what.exit.pid, at, name, arguments);
  writer_.forget_process(what.exit.pid);
}

void pool_trace::missed(std::uint64_t events, std::int64_t at) {
  parent_instant(
    std::to_string(events) + (events == 1 ? " event is missing" : " events are missing"), at, {});
}

void record_children(troupe::pool_options& pool, const std::shared_ptr<pool_trace>& trace) {
  pool.on_child_started = [trace](const troupe::child_started& what) {
    trace->child_started(what.pool, what, trace_time());
  };
  pool.on_child_ended = [trace](const troupe::child_ended& what) {
    trace->child_ended(what.pool, what, trace_time());
  };
}

void record(
  troupe::pool_options& pool, const std::shared_ptr<pool_trace>& trace, const std::string& title) {
  record_children(pool, trace);
  pool.on_task_ended = [trace, title](const troupe::task_ended& what) {
    trace->task_ended(what.pool, what, what.name.empty() ? title : what.name);
  };
}

} // namespace troupe_cli
