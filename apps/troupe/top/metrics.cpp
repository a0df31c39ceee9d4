#include "top/metrics.hpp"

#include "text/terminal_text.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

namespace troupe_cli {

namespace {

// As the format wants it. What is printable has no newlines.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text::printable(text)) {
    if (c == '\\' || c == '"')
      result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string label(const char* name, const std::string& value) {
  return std::string(name) + "=" + quoted(value);
}

std::string seconds(microseconds time) {
  char text[48];
  std::snprintf(text, sizeof text, "%.6f", std::chrono::duration<double>(time).count());
  return text;
}

// One metric with its samples.
class family {
public:
  family(const char* name, const char* type, const char* help)
    : name_(name)
    , head_(std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n") {}

  void add(const std::string& labels, const std::string& value) {
    samples_ += std::string(name_) + "{" + labels + "} " + value + "\n";
  }
  void add(const std::string& labels, std::uint64_t value) { add(labels, std::to_string(value)); }

  std::string text() const { return samples_.empty() ? std::string() : head_ + samples_; }

private:
  const char* name_;
  std::string head_;
  std::string samples_;
};

// Of which each part of a pool has some.
struct families {
  family submitted{"troupe_tasks_submitted_total", "counter", "Tasks that pools have accepted."};
  family ended{"troupe_tasks_total", "counter", "Tasks that have ended, by how."};
  family retried{
    "troupe_task_retries_total", "counter", "Attempts beyond the first, after a failure."};
  family queued{"troupe_queued_tasks", "gauge", "Tasks that wait in the parent."};
  family running{"troupe_running_tasks", "gauge", "Tasks that are in children."};
  family bound{"troupe_max_queue", "gauge", "Tasks that may wait; absent if any number may."};
  family closing{"troupe_pool_closing", "gauge", "1 if the pool takes no more tasks."};
  family deaths{"troupe_child_deaths_total", "counter", "Children that died unasked."};
  family up{"troupe_child_ready", "gauge", "1 if the child of the slot takes tasks."};
  family memory{"troupe_child_memory_bytes", "gauge", "Resident memory of the child of a slot."};
  family cpu{"troupe_child_cpu_seconds_total", "counter", "CPU time of all children of a slot."};
  family tasks{"troupe_child_tasks_total", "counter", "Tasks that ended in children of a slot."};
  family restarts{"troupe_child_restarts_total", "counter", "Successors started for a slot."};
  family named{"troupe_named_tasks_total", "counter", "Tasks of a name that have ended, by how."};
  family named_left{"troupe_named_tasks_left", "gauge", "Tasks of a name that have not ended."};
  family named_time{"troupe_named_task_seconds_total", "counter",
    "Time that tasks of a name have run, of those that ended by themselves."};

  void add_pool(const pool_status& pool, const std::string& labels) {
    submitted.add(labels, pool.submitted);
    for (const auto& [outcome, count] :
      {std::pair{"succeeded", pool.succeeded}, std::pair{"failed", pool.failed},
        std::pair{"lost", pool.lost}, std::pair{"timed_out", pool.timed_out},
        std::pair{"expired", pool.expired}, std::pair{"cancelled", pool.cancelled}})
      ended.add(labels + "," + label("outcome", outcome), count);
    retried.add(labels, pool.retried);
    queued.add(labels, pool.queued);
    running.add(labels, pool.running);
    if (pool.max_queue > 0)
      bound.add(labels, pool.max_queue);
    closing.add(labels, std::uint64_t{pool.closing});
    deaths.add(labels, pool.deaths);
  }

  void add_child(const child_status& child, const std::string& labels) {
    up.add(labels, std::uint64_t{child.state == "ready"});
    memory.add(labels, child.memory);
    cpu.add(labels, seconds(child.cpu));
    tasks.add(labels, child.tasks);
    restarts.add(labels, child.restarts);
  }

  void add_task(const task_status& task, const std::string& labels) {
    for (const auto& [outcome, count] : {std::pair{"succeeded", task.succeeded},
           std::pair{"failed", task.failed}, std::pair{"cancelled", task.cancelled}})
      named.add(labels + "," + label("outcome", outcome), count);
    named_left.add(labels, task.left());
    named_time.add(labels, seconds(task.time));
  }

  std::string text() const {
    std::string all;
    for (const auto* one : {&submitted, &ended, &retried, &queued, &running, &bound, &closing,
           &deaths, &up, &memory, &cpu, &tasks, &restarts, &named, &named_left, &named_time})
      all += one->text();
    return all;
  }
};

} // namespace

std::string metrics_text(const std::vector<process_status>& processes,
  const std::function<std::string(const module_files&, const task_label&)>& name_of) {
  families all;
  family watched("troupe_process", "gauge", "1 for each process that is watched.");
  for (const auto& process : processes) {
    const auto of_process =
      label("program", process.program) + "," + label("pid", std::to_string(process.pid));
    watched.add(of_process + "," + label("version", process.version), std::uint64_t{1});
    for (const auto& pool : process.pools) {
      const auto of_pool =
        of_process + "," + label("pool", pool.name) + "," + label("pool_id", pool.id);
      all.add_pool(pool, of_pool);
      for (const auto& child : pool.children)
        all.add_child(child, of_pool + "," + label("slot", std::to_string(child.slot)));
      for (const auto& task : pool.tasks)
        all.add_task(task, of_pool + "," + label("task", name_of(process.modules, task.label)));
    }
  }
  return watched.text() + all.text();
}

} // namespace troupe_cli
