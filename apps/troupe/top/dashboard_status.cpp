#include "top/dashboard_status.hpp"

#include "text/terminal_text.hpp"
#include "top/format.hpp"
#include "top/view.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

namespace troupe_cli {

namespace {

using nlohmann::ordered_json;

// What is cut within a character is made printable again.
std::string shown(const std::string& text) {
  auto safe = text::printable(text.substr(0, max_dashboard_text));
  return text.size() > max_dashboard_text ? safe + " ..." : safe;
}

// What is sorted by a number and read as a text.
template <class Number>
ordered_json cell(Number number, std::string text) {
  return ordered_json::array({number, std::move(text)});
}

ordered_json count_cell(std::uint64_t count) {
  return cell(count, count_text(count));
}

std::string percent_text(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", percent);
  return text;
}

// The first of a list, and the number of the others under another name.
template <class Items, class View>
void add_list(ordered_json& to, const char* name, const char* more, const Items& items,
  std::size_t bound, const View& view) {
  auto& list = to[name] = ordered_json::array();
  for (std::size_t i = 0; i < std::min(items.size(), bound); ++i)
    list.push_back(view(items[i]));
  to[more] = items.size() - list.size();
}

std::string what_runs(const process_status& process, const child_status& child,
  const child_work& work, const view_names& names) {
  if (work.longest == nullptr) // 100 others have run for longer
    return child.running == 0 ? std::string() : count_text(child.running) + " tasks";
  auto text = shown(names.of_task(process.modules, work.longest->label));
  if (work.longest->attempt > 1)
    text += ", attempt " + std::to_string(work.longest->attempt);
  return work.others == 0 ? text : text + " and " + count_text(work.others) + " more";
}

ordered_json view_of(const child_status& child, const process_status& process,
  const pool_status& pool, const comparison& with, const view_names& names) {
  const auto work = work_of(pool, child.slot);
  const auto share = cpu_share(child, with.before, with.seconds);
  const auto age = work.longest == nullptr ? microseconds(-1) : work.longest->age;
  const bool there = child.pid != 0;
  return ordered_json::array({cell(child.slot, std::to_string(child.slot)),
    cell(child.pid, there ? std::to_string(child.pid) : "-"), shown(child.state),
    what_runs(process, child, work, names),
    cell(age.count(), age.count() < 0 ? "" : duration_text(age)), cell(share, percent_text(share)),
    cell(there ? child.memory : 0, there ? size_text(child.memory) : "-"), count_cell(child.tasks),
    count_cell(child.restarts)});
}

ordered_json view_of(const task_status& task, const process_status& process, const comparison& with,
  const view_names& names) {
  const auto per_second = rate_of(task, with);
  const auto ran = task.succeeded + task.failed;
  const auto mean = ran == 0 ? microseconds(-1) : task.time / static_cast<std::int64_t>(ran);
  return ordered_json::array({shown(names.of_task(process.modules, task.label)),
    count_cell(task.succeeded), count_cell(task.failed), count_cell(task.cancelled),
    count_cell(task.left()), cell(per_second, rate_text(per_second)),
    cell(seconds_left(task.left(), per_second), time_left(task.left(), per_second)),
    cell(mean.count(), ran == 0 ? "-" : duration_text(mean))});
}

ordered_json view_of(
  const failure_status& failure, const process_status& process, const view_names& names) {
  auto stack = ordered_json::array();
  for (const auto& frame : frames_of(process, failure, names))
    if (stack.size() < max_dashboard_frames)
      stack.push_back(shown(frame));
  return {{"key", std::to_string(failure.id) + "." + std::to_string(failure.attempt)},
    {"age", duration_text(failure.age)},
    {"task", shown(names.of_task(process.modules, failure.label))}, {"place", place_of(failure)},
    {"type", shown(failure.type)}, {"message", shown(failure.message)},
    {"stack", std::move(stack)}};
}

// All, but in the order of their slots those only that use the most CPU time, if there are too many.
std::vector<child_status> chosen_children(const pool_status& pool, const pool_status* before) {
  auto children = pool.children.size() > max_dashboard_children
                    ? ordered_children(pool, before, child_order::cpu)
                    : pool.children;
  const auto end = children.begin() +
                   static_cast<std::ptrdiff_t>(std::min(children.size(), max_dashboard_children));
  std::ranges::sort(children.begin(), end, std::less<>(), &child_status::slot);
  return children;
}

std::vector<task_status> chosen_tasks(const pool_status& pool) {
  auto tasks = pool.tasks;
  if (tasks.size() > max_dashboard_tasks)
    std::ranges::stable_sort(tasks, std::greater<>(), &task_status::left);
  return tasks;
}

ordered_json counts_of(const pool_status& pool, double per_second) {
  const auto left = pool.queued + pool.running;
  return {{"done", count_text(pool.succeeded)}, {"failed", count_text(pool.all_failed())},
    {"left", count_text(left)}, {"rate", rate_text(per_second)},
    {"ETA", time_left(left, per_second)}, {"cancelled", count_text(pool.cancelled)},
    {"retried", count_text(pool.retried)}, {"lost", count_text(pool.lost)},
    {"timed out", count_text(pool.timed_out)}, {"expired", count_text(pool.expired)}};
}

ordered_json queue_of(const pool_status& pool) {
  const auto busy = busy_children(pool);
  return {{"waiting", count_text(pool.queued)},
    {"bound", pool.max_queue == 0 ? "none" : count_text(pool.max_queue)},
    {"in children", count_text(pool.running)}, {"busy children", count_text(busy)},
    {"idle children", count_text(pool.children.size() - busy)}, {"spares", count_text(pool.spares)},
    {"deaths", count_text(pool.deaths)}};
}

ordered_json view_of(const pool_status& pool, const process_status& process,
  const process_status* before, const view_names& names) {
  const auto with = compare(process, pool, before);
  const auto per_second = rate_of(pool, with);
  const auto left = pool.queued + pool.running;
  ordered_json view{{"id", shown(pool.id)}, {"name", shown(pool.name)}, {"closing", pool.closing},
    {"summary", count_text(pool.succeeded) + " done, " + count_text(pool.all_failed()) +
                  " failed, " + count_text(left) + " left"},
    {"progress", {pool.succeeded, pool.all_failed(), pool.cancelled, left}},
    {"counts", counts_of(pool, per_second)}, {"queue", queue_of(pool)},
    {"fill", pool.max_queue == 0
               ? -1.0
               : 100 * static_cast<double>(pool.queued) / static_cast<double>(pool.max_queue)}};
  add_list(view, "children", "more_children", chosen_children(pool, with.before),
    max_dashboard_children,
    [&](const child_status& child) { return view_of(child, process, pool, with, names); });
  add_list(view, "tasks", "more_tasks", chosen_tasks(pool), max_dashboard_tasks,
    [&](const task_status& task) { return view_of(task, process, with, names); });
  add_list(view, "failures", "more_failures", pool.failures, max_dashboard_failures,
    [&](const failure_status& failure) { return view_of(failure, process, names); });
  return view;
}

ordered_json view_of(const dashboard_process& process, const view_names& names) {
  const auto& now = *process.now;
  std::string command;
  for (const auto& argument : now.command)
    command += (command.empty() ? "" : " ") + argument;
  ordered_json view{{"pid", now.pid}, {"program", shown(now.program)},
    {"version", shown(now.version)}, {"command", shown(command)},
    {"absence", shown(process.absence)}};
  add_list(view, "pools", "more_pools", now.pools, max_dashboard_pools,
    [&](const pool_status& pool) { return view_of(pool, now, process.before, names); });
  return view;
}

} // namespace

std::string dashboard_status(const std::vector<dashboard_process>& processes,
  const std::string& problem, const view_names& names) {
  ordered_json status{{"problem", shown(problem)}};
  add_list(status, "processes", "more_processes", processes, max_dashboard_processes,
    [&](const dashboard_process& process) { return view_of(process, names); });
  return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace troupe_cli
