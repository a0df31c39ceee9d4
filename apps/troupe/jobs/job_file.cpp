#include "jobs/job_file.hpp"

#include "jobs/read_job.hpp"
#include "text/terminal_text.hpp"

#include <exception>
#include <filesystem>

namespace troupe_cli {

namespace {

troupe::config_options config_options_of(const job_file_options& options) {
  return {.tasks = {}, .groups = {"job"}, .assignments = options.assignments};
}

// Modules that are in order; the others are refused, if the file has not been refused for them already.
std::vector<troupe::module_info> probe_all(troupe::runtime& rt, troupe::config_file& file) {
  std::vector<troupe::module_info> modules;
  for (const auto& path : file.modules()) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored))
      continue;
    try {
      modules.push_back(troupe::probe_module(rt, path.string()));
    } catch (const troupe::module_error& problem) {
      file.refuse_module(path, text::printable(problem.what()));
    }
  }
  return modules;
}

class job_file_reader {
public:
  explicit job_file_reader(const job_file_options& options)
    : file_(options.file, config_options_of(options))
    , tables_(file_.tables("job")) {
    for (auto& table : tables_)
      result_.jobs.push_back(read_job(table, options.file.parent_path(), file_.pool_names()));
    check_job_graph(result_.jobs, tables_);
  }

  void probe(troupe::runtime& rt) {
    result_.modules = probe_all(rt, file_);
    if (result_.modules.size() != file_.modules().size())
      return; // which tasks there are is not known
    for (std::size_t i = 0; i < tables_.size(); ++i)
      find_task_of(i);
    for (const auto& pool : file_.pool_names())
      for (const char* key : {"initializer", "finalizer"})
        check_call(pool, key);
  }

  job_file finish() {
    result_.config = file_.finish();
    return std::move(result_);
  }

private:
  void find_task_of(std::size_t i) {
    const auto& name = result_.jobs[i].task;
    if (name.empty())
      return;
    try {
      result_.tasks.emplace(result_.jobs[i].name, troupe::find_task(result_.modules, name));
    } catch (const troupe::module_error& problem) {
      tables_[i].refuse("task", text::printable(problem.what()));
    }
  }

  void check_call(const std::string& pool, const char* key) {
    const auto name = file_.module_task(pool, key);
    if (name.empty())
      return;
    try {
      const auto found = troupe::find_task(result_.modules, name);
      if (found.task.kind == troupe::module_task_kind::coroutine)
        file_.refuse_pool(
          pool, key, "task \"" + text::printable(name) + "\" must be a plain function");
    } catch (const troupe::module_error& problem) {
      file_.refuse_pool(pool, key, text::printable(problem.what()));
    }
  }

  troupe::config_file file_;
  std::vector<troupe::config_table> tables_;
  job_file result_;
};

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

} // namespace

job_file read_job_file(troupe::runtime& rt, const job_file_options& options) {
  job_file_reader reader(options);
  reader.probe(rt);
  return reader.finish();
}

job_file read_job_file(const job_file_options& options) {
  return job_file_reader(options).finish();
}

std::string summary_of(const std::filesystem::path& file, const job_file& what) {
  auto text = text::printable(file.native()) +
              ": ok: " + counted(what.config.pool_names().size(), "pool") + ", " +
              counted(what.jobs.size(), "job");
  std::size_t tasks = 0;
  for (const auto& module : what.modules)
    tasks += module.tasks.size();
  if (!what.modules.empty())
    text += ", " + counted(what.modules.size(), "module") + " with " + counted(tasks, "task");
  return text;
}

} // namespace troupe_cli
