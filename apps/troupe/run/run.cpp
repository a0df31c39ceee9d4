#include "run/run.hpp"

#include "exit_code.hpp"
#include "jobs/file_arguments.hpp"
#include "journal/item_journal.hpp"
#include "problems.hpp"
#include "run/job_set.hpp"
#include "run/signal_watch.hpp"
#include "text/terminal_text.hpp"

#include <troupe/runtime.hpp>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

// What signals do to a run. They come on a thread of their own, and may come before there is one.
class run_control {
public:
  run_control(run_report& report, const file_arguments& given)
    : report_(report)
    , given_(given) {}

  void on_signal(int signal) {
    const std::lock_guard lock(mutex_);
    if (signal == SIGHUP)
      return reload();
    if (ended_by_ == 0 && !draining_) {
      draining_ = true;
      report_.line("reads no more input and finishes what has begun; once more ends everything");
      if (jobs_ != nullptr)
        jobs_->drain();
      return;
    }
    ended_by_ = signal;
    if (jobs_ != nullptr)
      jobs_->terminate();
  }

  /// `config` is in force from now on; `jobs` run until this is called again with null.
  void watch(troupe::runtime& rt, job_set* jobs, const troupe::config* config) {
    const std::lock_guard lock(mutex_);
    rt_ = &rt;
    jobs_ = jobs;
    if (config != nullptr)
      config_ = *config;
    if (jobs != nullptr && draining_)
      jobs->drain();
    if (jobs != nullptr && ended_by_ != 0)
      jobs->terminate();
  }

  int ended_by() {
    const std::lock_guard lock(mutex_);
    return ended_by_;
  }

private:
  void reload() {
    if (jobs_ == nullptr)
      return;
    try {
      auto now = read_job_file(*rt_, given_.file);
      jobs_->change(config_, now);
      config_ = now.config;
    } catch (const troupe::config_error& problem) {
      report_.line("the file is as it was, since there is something wrong with it now:\n" +
                   std::string(problem.what()));
    } catch (const troupe::error& problem) { // no process in which to look at a module
      report_.line(
        "the file is as it was, since it cannot be looked at: " + text::printable(problem.what()));
    }
  }

  run_report& report_;
  const file_arguments& given_;
  std::mutex mutex_;
  troupe::runtime* rt_ = nullptr;
  job_set* jobs_ = nullptr;
  troupe::config config_;
  bool draining_ = false;
  int ended_by_ = 0;
};

// For as long as it lives, signals are for these jobs.
class watched_jobs {
public:
  watched_jobs(
    run_control& control, troupe::runtime& rt, job_set& jobs, const troupe::config& config)
    : control_(control)
    , rt_(rt) {
    control_.watch(rt, &jobs, &config);
  }
  watched_jobs(const watched_jobs&) = delete;
  watched_jobs& operator=(const watched_jobs&) = delete;
  ~watched_jobs() { control_.watch(rt_, nullptr, nullptr); }

private:
  run_control& control_;
  troupe::runtime& rt_;
};

// Nothing else takes the place of a stream that is closed: whoever writes to it would write there. Whether it was open.
bool hold_place(int fd) {
  if (::fcntl(fd, F_GETFD) >= 0)
    return true;
  if (::open("/dev/null", O_RDWR) != fd)
    throw std::system_error(errno, std::system_category(), "cannot open /dev/null");
  return false;
}

void check_input(const std::vector<job>& jobs, bool has_input) {
  for (const auto& one : jobs)
    if (one.input.file == "-" && !has_input)
      throw std::runtime_error(
        "standard input is closed, and job " + text::printable(one.name) + " reads it");
}

std::unique_ptr<item_journal> open_journal(
  const file_arguments& given, const std::vector<std::string>& arguments) {
  if (given.journal.empty())
    return nullptr;
  std::string command_line = "troupe run";
  for (const auto& word : arguments)
    command_line += ' ' + text::printable(word);
  return std::make_unique<item_journal>(
    given.journal, given.resume || given.retry_failed, given.retry_failed, command_line);
}

const char* word_for(exit_code code, int signal) {
  if (signal != 0)
    return "ended";
  return code == exit_code::ok || code == exit_code::failed ? "all" : "drained";
}

int run_file(const file_arguments& given, const std::vector<std::string>& arguments, bool has_input,
  run_control& control, run_report& report) {
  troupe::runtime rt(troupe::runtime_options{.control = true});
  const auto file = read_job_file(rt, given.file);
  auto jobs = choose_jobs(file, given.jobs);
  if (jobs.empty()) {
    report.line(text::printable(given.file.file.native()) + " has no jobs: write [job.NAME]");
    return static_cast<int>(exit_code::nothing);
  }
  check_input(jobs, has_input);
  const auto journal = open_journal(given, arguments);
  std::shared_ptr<pool_trace> trace;
  if (!given.trace.empty())
    trace = std::make_shared<pool_trace>(given.trace, ::getpid(), "troupe run");
  job_set set(rt, file, std::move(jobs), report, journal.get(), trace);
  const auto code = [&] {
    const watched_jobs watched(control, rt, set, file.config);
    return set.run();
  }();
  if (trace)
    trace->writer().finish();
  const int signal = control.ended_by();
  if (journal && code != exit_code::broken) {
    journal->finish(word_for(code, signal));
    if (signal != 0 || code == exit_code::stopped)
      report.line("stopped before the end; --resume goes on");
  }
  return signal != 0 ? 128 + signal : static_cast<int>(code);
}

} // namespace

int run_jobs(const std::vector<std::string>& arguments) {
  const auto parsed = read_run_arguments(arguments);
  if (const auto* code = std::get_if<int>(&parsed))
    return *code;
  const auto& given = std::get<file_arguments>(parsed);
  run_report report;
  try {
    const bool has_input = hold_place(STDIN_FILENO);
    const bool has_output = hold_place(STDOUT_FILENO);
    hold_place(STDERR_FILENO);
    if (!has_output)
      throw std::runtime_error(
        "standard output is closed, so nothing could be shown; > /dev/null does without");
    run_control control(report, given);
    const signal_watch signals([&control](int signal) { control.on_signal(signal); });
    return run_file(given, arguments, has_input, control, report);
  } catch (const troupe::config_error& problem) {
    std::cerr << problem.what() << '\n';
    return static_cast<int>(exit_code::usage);
  } catch (const usage_problem& problem) {
    report.line(problem.what());
    return static_cast<int>(exit_code::usage);
  } catch (const std::exception& problem) {
    report.line(text::printable(problem.what()));
    return static_cast<int>(exit_code::broken);
  }
}

} // namespace troupe_cli
