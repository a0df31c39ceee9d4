#include "top/status.hpp"

#include "top/json_fields.hpp"

#include <stdexcept>

namespace troupe_cli {

namespace {

using nlohmann::json;

// Each object of a list.
template <class Take>
void for_each(const json& from, const char* key, Take take_one) {
  if (const auto found = from.find(key); found != from.end() && found->is_array())
    for (const auto& one : *found)
      if (one.is_object())
        take_one(one);
}

std::vector<code_place> places_in(const json& from, const char* key) {
  std::vector<code_place> places;
  if (const auto found = from.find(key); found != from.end() && found->is_array())
    for (const auto& one : *found)
      places.push_back(place_of(one));
  return places;
}

module_files modules_of(const json& from) {
  module_files files;
  if (const auto found = from.find("modules"); found != from.end() && found->is_object())
    for (const auto& [id, path] : found->items())
      if (path.is_string() && !id.empty() && id.size() < 11 &&
          id.find_first_not_of("0123456789") == std::string::npos)
        files[static_cast<std::uint32_t>(std::stoull(id))] = path.get<std::string>();
  return files;
}

child_status child_of(const json& from) {
  child_status child;
  take(from, "slot", child.slot);
  take(from, "pid", child.pid);
  take(from, "state", child.state);
  take(from, "memory", child.memory);
  take(from, "tasks", child.tasks);
  take(from, "restarts", child.restarts);
  take(from, "cpu", child.cpu);
  take(from, "uptime", child.uptime);
  take(from, "running", child.running);
  return child;
}

running_status running_of(const json& from) {
  running_status task;
  take(from, "id", task.id);
  task.label = label_of(from);
  take(from, "slot", task.slot);
  take(from, "attempt", task.attempt);
  take(from, "age", task.age);
  return task;
}

task_status task_of(const json& from) {
  task_status task;
  task.label = label_of(from);
  take(from, "submitted", task.submitted);
  take(from, "succeeded", task.succeeded);
  take(from, "failed", task.failed);
  take(from, "cancelled", task.cancelled);
  take(from, "time", task.time);
  return task;
}

failure_status failure_of(const json& from) {
  failure_status failure;
  take(from, "id", failure.id);
  failure.label = label_of(from);
  take(from, "slot", failure.slot);
  take(from, "pid", failure.pid);
  take(from, "attempt", failure.attempt);
  take(from, "age", failure.age);
  take(from, "type", failure.type);
  take(from, "message", failure.message);
  failure.stack = places_in(from, "stack");
  return failure;
}

pool_status pool_of(const json& from) {
  pool_status pool;
  take(from, "id", pool.id);
  take(from, "name", pool.name);
  take(from, "closing", pool.closing);
  take(from, "max_queue", pool.max_queue);
  take(from, "submitted", pool.submitted);
  take(from, "succeeded", pool.succeeded);
  take(from, "failed", pool.failed);
  take(from, "lost", pool.lost);
  take(from, "timed_out", pool.timed_out);
  take(from, "expired", pool.expired);
  take(from, "retried", pool.retried);
  take(from, "cancelled", pool.cancelled);
  take(from, "queued", pool.queued);
  take(from, "running", pool.running);
  take(from, "deaths", pool.deaths);
  take(from, "spares", pool.spares);
  for_each(from, "children", [&](const json& one) { pool.children.push_back(child_of(one)); });
  for_each(
    from, "running_tasks", [&](const json& one) { pool.running_tasks.push_back(running_of(one)); });
  for_each(from, "tasks", [&](const json& one) { pool.tasks.push_back(task_of(one)); });
  for_each(from, "failures", [&](const json& one) { pool.failures.push_back(failure_of(one)); });
  return pool;
}

json parse_answer(std::string_view line) {
  auto answer = json::parse(line, nullptr, false);
  if (!answer.is_object())
    throw std::runtime_error("the answer is no JSON object");
  int version = 0;
  take(answer, "troupe", version);
  if (version != 1)
    throw std::runtime_error(
      "it speaks version " + std::to_string(version) +
      " of the protocol, and this program version 1: use the `troupe` of its own version");
  std::string problem;
  take(answer, "error", problem);
  if (!problem.empty())
    throw std::runtime_error(problem);
  return answer;
}

} // namespace

process_status parse_status(std::string_view line) {
  const auto answer = parse_answer(line);
  process_status process;
  process.when = std::chrono::steady_clock::now();
  take(answer, "pid", process.pid);
  take(answer, "program", process.program);
  take(answer, "version", process.version);
  if (const auto found = answer.find("command"); found != answer.end() && found->is_array())
    for (const auto& argument : *found)
      if (argument.is_string())
        process.command.push_back(argument.get<std::string>());
  for_each(answer, "pools", [&](const json& one) { process.pools.push_back(pool_of(one)); });
  process.modules = modules_of(answer);
  return process;
}

stack_status parse_stacks(std::string_view line) {
  const auto answer = parse_answer(line);
  stack_status result;
  for_each(answer, "threads", [&](const json& one) {
    stack_status::thread thread;
    take(one, "thread", thread.id);
    take(one, "name", thread.name);
    thread.frames = places_in(one, "frames");
    result.threads.push_back(std::move(thread));
  });
  result.modules = modules_of(answer);
  return result;
}

void check_done(std::string_view line) {
  bool done = false;
  take(parse_answer(line), "done", done);
  if (!done)
    throw std::runtime_error("the answer does not say that it is done");
}

} // namespace troupe_cli
