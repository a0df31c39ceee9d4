#include "top/event_lines.hpp"

#include "top/json_fields.hpp"

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe_cli {

namespace {

using nlohmann::json;

json parse_object(std::string_view line) {
  auto object = json::parse(line, nullptr, false);
  if (!object.is_object())
    throw std::runtime_error("a line of its events is no JSON object");
  return object;
}

troupe::task_end end_of(const std::string& word) {
  using troupe::task_end;
  constexpr std::array all{task_end::value, task_end::threw, task_end::lost, task_end::timed_out,
    task_end::expired, task_end::cancelled};
  for (const auto one : all)
    if (word == to_string(one))
      return one;
  return task_end::failed;
}

troupe::task_ended task_in(const json& from) {
  troupe::task_ended task;
  take(from, "id", task.id);
  take(from, "items", task.items);
  take(from, "failed", task.failed);
  take(from, "attempt", task.attempt);
  std::string end;
  take(from, "end", end);
  task.how = end_of(end);
  take(from, "again", task.again);
  take(from, "type", task.type);
  take(from, "signal", task.signal);
  task.started = from.contains("pid");
  take(from, "slot", task.slot);
  take(from, "pid", task.pid);
  microseconds began{0};
  microseconds ran{0};
  take(from, "began", began);
  take(from, "ran", ran);
  constexpr microseconds longest = std::chrono::hours(24 * 365 * 100); // as nanoseconds
  task.began = std::chrono::steady_clock::time_point(std::min(began, longest));
  task.ran = std::min(ran, longest);
  take(from, "queued", task.queued);
  return task;
}

troupe::child_ended child_end_in(const json& from) {
  troupe::child_ended ended;
  take(from, "died", ended.died);
  take(from, "slot", ended.exit.slot);
  take(from, "pid", ended.exit.pid);
  take(from, "signal", ended.exit.signal);
  take(from, "exit_code", ended.exit.exit_code);
  take(from, "reason", ended.exit.reason);
  return ended;
}

} // namespace

stream_head parse_stream_head(std::string_view line) {
  const auto object = parse_object(line);
  std::string problem;
  take(object, "error", problem);
  if (!problem.empty())
    throw std::runtime_error(problem);
  bool streams = false;
  take(object, "trace", streams);
  if (!streams)
    throw std::runtime_error("it does not give a stream of its events");
  stream_head head;
  take(object, "pid", head.pid);
  take(object, "program", head.program);
  return head;
}

stream_event parse_stream_event(std::string_view line) {
  using kind = stream_event::kind;
  const auto object = parse_object(line);
  stream_event result;
  std::string event;
  take(object, "event", event);
  take(object, "pool_name", result.pool);
  take(object, "at", result.at);
  if (event == "task") {
    result.what = kind::task;
    result.task = task_in(object);
    result.label = label_of(object);
  } else if (event == "child_started") {
    result.what = kind::child_started;
    take(object, "slot", result.started.slot);
    take(object, "pid", result.started.pid);
    take(object, "spare", result.started.spare);
  } else if (event == "child_ended") {
    result.what = kind::child_ended;
    result.ended = child_end_in(object);
  } else if (event == "missed") {
    result.what = kind::missed;
    take(object, "events", result.missed);
  } else if (event == "module") {
    result.what = kind::module;
    take(object, "module", result.module);
    take(object, "file", result.file);
  } else if (event == "end") {
    result.what = kind::end;
  }
  return result;
}

} // namespace troupe_cli
