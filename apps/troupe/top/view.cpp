#include "top/view.hpp"

#include "text/terminal_text.hpp"
#include "top/format.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace troupe_cli {

namespace {

using kind = view_line::kind;
using text::printable;

// -- tables ---------------------------------------------------------------------------------------------

// Columns of text; the numbers stand to the right.
class table {
public:
  struct column {
    const char* title;
    bool right = true;
  };

  explicit table(std::vector<column> columns)
    : columns_(std::move(columns)) {
    std::vector<std::string> titles;
    for (const auto& one : columns_)
      titles.emplace_back(one.title);
    rows_.push_back({std::move(titles), kind::heading});
  }

  void add(std::vector<std::string> cells, kind what = kind::text) {
    rows_.push_back({std::move(cells), what});
  }

  void append_to(std::vector<view_line>& lines) const {
    std::vector<std::size_t> widths(columns_.size());
    for (const auto& [cells, what] : rows_)
      for (std::size_t i = 0; i < cells.size(); ++i)
        widths[i] = std::max(widths[i], width_of(cells[i]));
    for (const auto& [cells, what] : rows_) {
      std::string line;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string space(widths[i] - width_of(cells[i]), ' ');
        line += i == 0 ? "" : "  ";
        line += columns_[i].right ? space + cells[i] : cells[i] + space;
      }
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back({line, what});
    }
  }

private:
  // In characters, as far as each takes one column.
  static std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }

  std::vector<column> columns_;
  std::vector<std::pair<std::vector<std::string>, kind>> rows_;
};

std::string share_text(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", percent);
  return text;
}

// -- the parts ------------------------------------------------------------------------------------------

std::string head_of(const process_status& process) {
  return printable(process.program) + "  pid " + std::to_string(process.pid) + "  troupe " +
         printable(process.version);
}

void show_counts(const pool_status& pool, const comparison& with, std::vector<view_line>& lines) {
  const auto per_second = rate_of(pool, with);
  const auto left = pool.queued + pool.running;
  lines.push_back(
    {"pool " + printable(pool.name) + (pool.closing ? " (takes no more tasks)" : "") +
      "  children " + count_text(pool.children.size()) + " (" + count_text(busy_children(pool)) +
      " busy)" + (pool.spares > 0 ? "  spares " + count_text(pool.spares) : "")});
  lines.push_back(
    {"done " + count_text(pool.succeeded) + "  failed " + count_text(pool.all_failed()) +
      "  cancelled " + count_text(pool.cancelled) + "  left " + count_text(left) + "  rate " +
      rate_text(per_second) + "  ETA " + time_left(left, per_second)});
  lines.push_back(
    {"queue " + count_text(pool.queued) + " of " +
      (pool.max_queue == 0 ? "any number" : count_text(pool.max_queue)) + "  in children " +
      count_text(pool.running) + "  retried " + count_text(pool.retried) + "  lost " +
      count_text(pool.lost) + "  timed out " + count_text(pool.timed_out) + "  expired " +
      count_text(pool.expired) + "  deaths " + count_text(pool.deaths)});
}

// The task that has run longest, and the number of the others.
std::string what_runs(const process_status& process, const pool_status& pool,
  const child_status& child, const view_names& names) {
  const auto [task, others] = work_of(pool, child.slot);
  if (task == nullptr) // 100 others have run for longer
    return child.running == 0 ? std::string() : count_text(child.running) + " tasks";
  auto text = names.of_task(process.modules, task->label) + " for " + duration_text(task->age) +
              (task->attempt > 1 ? ", attempt " + std::to_string(task->attempt) : "");
  return others == 0 ? text : text + " and " + std::to_string(others) + " more";
}

void show_children(const process_status& process, const pool_status& pool, const comparison& with,
  const view_options& options, const view_names& names, std::vector<view_line>& lines) {
  table children({{"SLOT"}, {"PID"}, {"STATE", false}, {"CPU %"}, {"MEMORY"}, {"TASKS"},
    {"RESTARTS"}, {"RUNS", false}});
  for (const auto& child : ordered_children(pool, with.before, options.order))
    children.add({std::to_string(child.slot), child.pid == 0 ? "-" : std::to_string(child.pid),
                   printable(child.state), share_text(cpu_share(child, with.before, with.seconds)),
                   child.pid == 0 ? "-" : size_text(child.memory), count_text(child.tasks),
                   count_text(child.restarts), what_runs(process, pool, child, names)},
      child.slot == options.selected ? kind::selected : kind::text);
  lines.push_back({});
  children.append_to(lines);
}

void show_tasks(const process_status& process, const pool_status& pool, const comparison& with,
  const view_names& names, std::vector<view_line>& lines) {
  if (pool.tasks.empty())
    return;
  table tasks(
    {{"TASK", false}, {"DONE"}, {"FAILED"}, {"CANCELLED"}, {"LEFT"}, {"RATE"}, {"ETA"}, {"MEAN"}});
  for (const auto& task : pool.tasks) {
    const auto per_second = rate_of(task, with);
    const auto ran = task.succeeded + task.failed;
    tasks.add({names.of_task(process.modules, task.label), count_text(task.succeeded),
                count_text(task.failed), count_text(task.cancelled), count_text(task.left()),
                rate_text(per_second), time_left(task.left(), per_second),
                ran == 0 ? "-" : duration_text(task.time / static_cast<std::int64_t>(ran))},
      task.failed > 0 ? kind::alarm : kind::text);
  }
  lines.push_back({});
  tasks.append_to(lines);
}

void show_failures(const process_status& process, const pool_status& pool,
  const view_options& options, const view_names& names, std::vector<view_line>& lines) {
  if (pool.failures.empty())
    return;
  lines.push_back({});
  lines.push_back({"LAST FAILURES", kind::heading});
  for (const auto& failure : pool.failures) {
    lines.push_back({duration_text(failure.age) + " ago  " +
                       names.of_task(process.modules, failure.label) + " (" + place_of(failure) +
                       "): " + printable(failure.type) + ": " + printable(failure.message),
      kind::alarm});
    if (!options.with_stacks)
      continue;
    const auto frames = frames_of(process, failure, names);
    for (std::size_t i = 0; i < frames.size(); ++i)
      lines.push_back({"    #" + std::to_string(i) + " " + frames[i]});
  }
}

} // namespace

const char* to_string(child_order order) noexcept {
  switch (order) {
  case child_order::slot:
    return "slot";
  case child_order::cpu:
    return "cpu";
  case child_order::memory:
    return "memory";
  case child_order::tasks:
    return "tasks";
  }
  return "unknown";
}

std::vector<child_status> ordered_children(
  const pool_status& pool, const pool_status* before, child_order order) {
  auto children = pool.children;
  const auto key = [&](const child_status& child) {
    switch (order) {
    case child_order::cpu:
      return cpu_share(child, before, 1);
    case child_order::memory:
      return static_cast<double>(child.memory);
    case child_order::tasks:
      return static_cast<double>(child.tasks);
    case child_order::slot:
      break;
    }
    return -static_cast<double>(child.slot);
  };
  std::ranges::stable_sort(children, std::greater<>(), key);
  return children;
}

std::vector<view_line> show_pool(const process_status& process, std::size_t pool,
  const process_status* before, const view_options& options, const view_names& names) {
  std::vector<view_line> lines{{head_of(process), kind::heading}};
  if (pool >= process.pools.size()) {
    lines.push_back({"it has no pool at present"});
    return lines;
  }
  const auto& shown = process.pools[pool];
  const auto with = compare(process, shown, before);
  show_counts(shown, with, lines);
  show_children(process, shown, with, options, names, lines);
  show_tasks(process, shown, with, names, lines);
  show_failures(process, shown, options, names, lines);
  return lines;
}

std::vector<view_line> list_processes(const std::vector<process_status>& processes) {
  table all({{"PID"}, {"PROGRAM", false}, {"POOLS"}, {"CHILDREN"}, {"LEFT"}, {"FAILED"},
    {"COMMAND", false}});
  for (const auto& process : processes) {
    std::size_t children = 0;
    std::uint64_t left = 0;
    std::uint64_t failed = 0;
    for (const auto& pool : process.pools) {
      children += pool.children.size();
      left += pool.queued + pool.running;
      failed += pool.all_failed();
    }
    std::string command;
    for (const auto& argument : process.command)
      command += (command.empty() ? "" : " ") + printable(argument);
    all.add(
      {std::to_string(process.pid), printable(process.program), count_text(process.pools.size()),
        count_text(children), count_text(left), count_text(failed), command});
  }
  std::vector<view_line> lines;
  all.append_to(lines);
  return lines;
}

std::vector<view_line> show_stacks(const stack_status& stacks, const view_names& names) {
  std::vector<view_line> lines;
  for (const auto& thread : stacks.threads) {
    lines.push_back({"thread " + std::to_string(thread.id) + " (" + printable(thread.name) + ")" +
                       (thread.frames.empty() ? " did not answer" : ""),
      kind::heading});
    for (std::size_t i = 0; i < thread.frames.size(); ++i)
      lines.push_back(
        {"#" + std::to_string(i) + " " + names.of_frame(stacks.modules, thread.frames[i])});
  }
  return lines;
}

} // namespace troupe_cli
