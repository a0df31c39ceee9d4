#pragma once

#include "jobs/job.hpp"
#include "journal/item_journal.hpp"
#include "run/item_pool.hpp"
#include "run/item_source.hpp"
#include "run/result_writer.hpp"
#include "run/run_report.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// How far a job has come.
struct job_counts {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t done_before = 0;   ///< of those, the ones that an earlier run has done,
  std::size_t failed_before = 0; ///< and that failed there
};

/// A job that runs: one thread reads the items and submits them, another takes the results in the order of the items.
/// At most `job::in_flight` items, or 64 MiB of them, are read and not taken.
///
/// With a journal each item is noted when it is submitted, and when it has ended, not later than a moment after. What an
/// earlier run has done is taken from there.
class job_run {
public:
  /// `journal` may be null.
  job_run(
    const job& what, item_work work, item_pool& pool, run_report& report, item_journal* journal);
  job_run(const job_run&) = delete;
  job_run& operator=(const job_run&) = delete;

  /// Whose results it takes (`job_input::kind::job`).
  void take_from(std::shared_ptr<item_pipe> results) { results_ = std::move(results); }
  /// Where its results go as well.
  void give_to(std::shared_ptr<item_pipe> pipe) { followers_.push_back(std::move(pipe)); }

  /// Runs it to its end on the calling thread and one more.
  void run();
  /// Instead of `run`: it is not to run at all.
  void leave_out();
  /// Reads no more. Thread-safe.
  void stop() noexcept;
  /// And drops what has not ended. Thread-safe.
  void cancel();
  /// What later items are submitted with. Thread-safe.
  void set_options(const troupe::task_options& options, bool stop_on_failure);

  job_counts counts() const;
  /// It has come to the end of its input, with no failure.
  bool ok() const;

private:
  struct submitted {
    std::size_t number = 0;
    std::string beginning; // of the item, for messages
    std::size_t bytes = 0;
    std::optional<item_result> result{}; // nothing if it failed in an earlier run
    noted_item note{};                   // in the journal, if there is one
    bool ended = false;                  // the journal has its end

    bool done() const { return !result || result->done(); }
  };

  void feed();
  void submit_all();
  submitted submit(std::size_t number, item one, const troupe::task_options& options);
  bool find_earlier(submitted& next, const item& one);
  void note_end(submitted& one);
  void note_ends();
  void note_shown(result_writer& writer);
  void take_all(result_writer& writer);
  void take_one(submitted& one, result_writer& writer);
  void write(const submitted& one, const std::string& json, result_writer& writer);
  void fail_again();
  void finish(result_writer& writer);
  std::optional<submitted> next_submitted(result_writer& writer);
  void fail_item(const submitted& one, const std::exception_ptr& failure);
  void fail_input(const std::exception_ptr& failure);
  void close_followers(bool complete);
  bool is_cancelled() const;

  const job& what_;
  const item_work work_;
  item_pool& pool_;
  run_report& report_;
  item_journal* const journal_;
  std::vector<std::int64_t>
    unnoted_shown_; // attempts whose results were written to what is no file
  std::shared_ptr<item_pipe> results_;
  std::vector<std::shared_ptr<item_pipe>> followers_;
  stop_bell bell_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  troupe::task_options options_;
  bool stop_on_failure_;
  std::deque<submitted> submitted_;
  std::size_t bytes_ = 0; // of those
  bool ended_ = false;    // the input
  bool stopped_ = false;
  bool cancelled_ = false;
  bool complete_ = true; // nothing kept it from reading all of its input
  job_counts counts_;
};

} // namespace troupe_cli
