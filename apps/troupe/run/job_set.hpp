#pragma once

#include "exit_code.hpp"
#include "jobs/job_file.hpp"
#include "run/item_pool.hpp"
#include "run/job_run.hpp"
#include "run/run_report.hpp"
#include "trace/pool_trace.hpp"

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace troupe_cli {

/// The jobs of a file that are to run, with those that they need, in the order of the file. Throws `usage_problem` for
/// one that is not in it.
std::vector<job> choose_jobs(const job_file& file, const std::vector<std::string>& names);

/// Jobs that run together, on the pools of their file.
class job_set {
public:
  /// Makes their pools, which write what they do to `trace` if that is not null. `journal` may be null, too.
  job_set(troupe::runtime& rt, const job_file& file, std::vector<job> jobs, run_report& report,
    item_journal* journal, std::shared_ptr<pool_trace> trace);
  job_set(const job_set&) = delete;
  job_set& operator=(const job_set&) = delete;
  ~job_set();

  /// Runs all to their end. A job begins when those are done that it comes after, and is left out if one of them failed.
  exit_code run();

  /// Reads no more input; what has begun goes on. Thread-safe.
  void drain();
  /// Ends everything. Thread-safe.
  void terminate();
  /// Takes over what can be changed while jobs run, and says of each change what becomes of it: `before` and `now` are
  /// the entries of the file, of which the modules have been probed. Children are replaced where it takes that.
  /// Thread-safe.
  void change(const troupe::config& before, const job_file& now);

private:
  struct running_job {
    job what;
    troupe::module_task_kind kind = troupe::module_task_kind::plain; // of its task
    std::unique_ptr<job_run> run;
    bool ended = false;
    bool ok = false;
  };

  troupe::pool_options options_of(const std::string& pool, const job_file& file) const;
  item_pool& pool_of(const std::string& name, const job_file& file);
  item_work work_of(const job& one, const job_file& file) const;
  void connect();
  // What becomes of a change.
  enum class effect { applied, recycling, restart };
  static const char* words_for(effect what);
  effect apply(const troupe::config_change& change, const job_file& now);
  std::vector<std::string> changed_modules(const troupe::config& before, const job_file& now);
  bool tell_other_kinds(const job_file& now) const;
  std::set<std::string> renew_pools(const std::set<std::string>& names, const job_file& now);
  void run_one(running_job& one);
  bool may_begin(const running_job& one) const;
  void tell_end(const running_job& one, std::chrono::steady_clock::duration took);
  running_job& find(const std::string& name) const;

  troupe::runtime& rt_;
  run_report& report_;
  const std::shared_ptr<pool_trace> trace_;
  std::map<std::string, std::unique_ptr<item_pool>> pools_;
  std::vector<std::unique_ptr<running_job>> entries_;
  std::map<std::string, std::filesystem::file_time_type> modules_; // when they were written
  std::mutex mutex_;
  std::condition_variable ended_;
  bool draining_ = false;
};

} // namespace troupe_cli
