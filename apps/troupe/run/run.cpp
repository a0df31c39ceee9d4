#include "run/run.hpp"

#include "command/descendants.hpp"
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
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

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
      return begin_reload();
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

  /// Returns when the runtime is used no more. There are no jobs by then.
  void await_reload() {
    if (reloading_.joinable())
      reloading_.join();
  }

  int ended_by() {
    const std::lock_guard lock(mutex_);
    return ended_by_;
  }

private:
  // On a thread of its own, since a module may take long to load, and other signals are for now. One at a time: what
  // changes while the file is looked at is looked at after that.
  void begin_reload() {
    if (jobs_ == nullptr || std::exchange(wanted_, true) || is_reloading_)
      return;
    await_reload(); // it has come to its end
    try {
      reloading_ = std::thread([this] { reload_while_wanted(); });
      is_reloading_ = true;
    } catch (const std::exception& problem) {
      wanted_ = false;
      tell_unchanged(problem);
    }
  }

  void reload_while_wanted() {
    std::unique_lock lock(mutex_);
    while (std::exchange(wanted_, false) && jobs_ != nullptr)
      reload(lock);
    is_reloading_ = false;
  }

  void reload(std::unique_lock<std::mutex>& lock) {
    auto& rt = *rt_;
    lock.unlock();
    try {
      const auto now = read_job_file(rt, given_.file);
      lock.lock();
      if (jobs_ == nullptr)
        return;
      jobs_->change(config_, now);
      config_ = now.config;
    } catch (const troupe::config_error& problem) {
      report_.line("the file is as it was, since there is something wrong with it now:\n" +
                   std::string(problem.what()));
    } catch (const std::exception& problem) { // such as no process in which to look at a module
      tell_unchanged(problem);
    }
    if (!lock.owns_lock())
      lock.lock();
  }

  void tell_unchanged(const std::exception& problem) {
    report_.line("the file could not be checked, so nothing has changed: " +
                 text::printable(problem.what()) + "; send SIGHUP again when that is mended");
  }

  run_report& report_;
  const file_arguments& given_;
  std::mutex mutex_;
  troupe::runtime* rt_ = nullptr;
  job_set* jobs_ = nullptr;
  troupe::config config_;
  bool draining_ = false;
  int ended_by_ = 0;
  bool wanted_ = false; // the file is to be read again
  bool is_reloading_ = false;
  std::thread reloading_; // only the thread of signals begins it
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

// Outlived by a runtime that is used to look at the file again.
class end_of_reloads {
public:
  explicit end_of_reloads(run_control& control)
    : control_(control) {}
  end_of_reloads(const end_of_reloads&) = delete;
  end_of_reloads& operator=(const end_of_reloads&) = delete;
  ~end_of_reloads() { control_.await_reload(); }

private:
  run_control& control_;
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
  const end_of_reloads reloads(control);
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
    check_processes_are_seen();
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
