#include "each/each.hpp"

#include "each/driver.hpp"
#include "each/fewest_tasks.hpp"
#include "each/interruption.hpp"
#include "each/spool.hpp"
#include "each/task_lines.hpp"

#include "command/descendants.hpp"
#include "command/shell_text.hpp"
#include "exit_code.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <troupe/coroutine.hpp>
#include <troupe/cpus.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <thread>
#include <unordered_map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

constexpr std::chrono::seconds time_to_end_group{10};       // beyond the grace
constexpr std::chrono::milliseconds time_between_looks{10}; // at what is being ended

/// How many children, and how many commands in each.
struct shape {
  std::size_t processes = 1;
  std::size_t concurrency = 1;
};

// All children look after the same number, so that no more run than were asked for.
shape shape_of(const each_options& options) {
  const auto cpus = std::max<std::size_t>(troupe::usable_cpus(), 1);
  const auto jobs = options.jobs != 0          ? options.jobs
                    : options.concurrency != 0 ? options.concurrency * cpus
                                               : cpus;
  if (options.concurrency != 0)
    return {jobs / options.concurrency, options.concurrency};
  auto processes = std::min(jobs, cpus);
  while (jobs % processes != 0)
    --processes;
  return {processes, jobs / processes};
}

std::vector<std::string> declared_environment(const each_options& options) {
  std::vector<std::string> variables;
  for (const auto& each : options.environment) {
    if (each.find('=') != std::string::npos)
      variables.push_back(each);
    else if (const char* value = std::getenv(each.c_str()))
      variables.push_back(each + '=' + value);
  }
  return variables;
}

child_settings settings_of(
  const each_options& options, const std::string& spool, std::size_t slots) {
  child_settings settings{.form = options.command, .spool = spool, .slots = slots};
  settings.manner = options.ungroup               ? output_manner::none
                    : !options.output_dir.empty() ? output_manner::files
                                                  : output_manner::grouped;
  settings.output_dir = options.output_dir;
  auto& common = settings.common;
  common.environment = declared_environment(options);
  common.inherit_output = options.ungroup;
  common.timeout = options.timeout;
  common.grace = options.grace;
  common.limits = options.limits;
  return settings;
}

/// Attempts as tasks of a pool. At its end they are ended and waited for.
class pool_tasks {
public:
  pool_tasks(troupe::runtime& rt, const work& task, const each_options& options, shape size,
    event_queue& events, const std::shared_ptr<pool_trace>& trace)
    : task_(task)
    , events_(events)
    , pool_(rt, pool_options(task, options, size, trace)) {}
  pool_tasks(const pool_tasks&) = delete;
  pool_tasks& operator=(const pool_tasks&) = delete;
  ~pool_tasks() { finish(); }

  /// Ends what runs, and waits until it is gone.
  void finish() {
    end_all();
    await_idle();
    pool_.close();
    pool_.join();
  }

  void begin(std::uint64_t ticket, const input_job& job) {
    forget_ended();
    auto& task = running_[ticket] = task_.begin(pool_, job);
    task([this, ticket](std::exception_ptr failure, input_end end) {
      events_.push({ticket, std::move(failure), std::move(end)});
    });
  }
  void end(std::uint64_t ticket) { running_.at(ticket).cancel(); }
  void end_all() {
    for (auto& [ticket, task] : running_)
      task.cancel();
  }
  troupe::pool& pool() { return pool_; }

private:
  static troupe::pool_options pool_options(const work& task, const each_options& options,
    shape size, const std::shared_ptr<pool_trace>& trace) {
    troupe::pool_options out{.processes = size.processes, .childconcurrency = 2 * size.concurrency};
    // Each child gets its share of what is sent before there is room for it.
    out.queuecount = size.processes;
    out.scheduler = std::make_shared<fewest_tasks>();
    out.name = "each";
    out.cancel_grace = options.grace + time_to_end_group;
    out.shutdown_timeout = options.grace + time_to_end_group;
    task.set_up(out);
    if (trace)
      record_children(out, trace);
    return out;
  }

  // A cancelled task has failed at once, but its command still has its grace: a child that leaves would kill it.
  void await_idle() const {
    const auto enough = std::chrono::steady_clock::now() + pool_.options().cancel_grace;
    const auto runs = [](const troupe::child_stats& child) { return child.running > 0; };
    while (std::ranges::any_of(pool_.stats().children, runs) &&
           std::chrono::steady_clock::now() < enough)
      std::this_thread::sleep_for(time_between_looks);
  }

  // Futures of tasks that have ended are of no use any more.
  void forget_ended() {
    if (running_.size() < forget_at_)
      return;
    std::erase_if(running_, [](const auto& each) { return each.second.done(); });
    forget_at_ = running_.size() * 2 + 64;
  }

  const work& task_;
  event_queue& events_;
  std::unordered_map<std::uint64_t, troupe::task_future<input_end>> running_;
  std::size_t forget_at_ = 64;
  troupe::pool pool_;
};

void check_descriptors(const each_options& options) {
  if (::fcntl(STDOUT_FILENO, F_GETFD) < 0)
    throw broken_problem("stdout is closed: nothing could be shown; > /dev/null does without");
  if (!options.arguments && options.input_file.empty() && ::fcntl(STDIN_FILENO, F_GETFD) < 0)
    throw broken_problem("cannot read the inputs from stdin: it is closed");
}

std::unique_ptr<input_reader> open_inputs(const each_options& options, event_queue& events) {
  if (options.arguments)
    return std::make_unique<input_reader>(*options.arguments);
  return std::make_unique<input_reader>(
    options.input_file, options.delimiter, [&events] { events.wake(); });
}

void make_output_dir(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw broken_problem(
      "cannot make the folder \"" + text::printable(path) + "\": " + error.message());
}

int print_commands(const each_options& options) {
  event_queue events;
  const auto inputs = open_inputs(options, events);
  const command_work task(settings_of(options, {}, 1));
  while (!inputs->at_end()) {
    while (const auto next = inputs->take())
      std::cout << task.line(*next) << '\n';
    if (!inputs->at_end())
      events.wait_until(event_queue::time_point::max());
  }
  if (!std::cout.flush())
    throw broken_problem(std::string("cannot write to stdout: ") + std::strerror(errno));
  return static_cast<int>(exit_code::ok);
}

spool_folder open_spool(const each_options& options) {
  return options.journal.empty() || !options.spool.empty()
           ? spool_folder::make(options.spool)
           : spool_folder::open(options.journal + ".spool");
}

int exit_code_of(const run_result& result) {
  if (result.signal != 0)
    return 128 + result.signal;
  if (result.stopped)
    return static_cast<int>(exit_code::stopped);
  return static_cast<int>(
    result.failed + result.failed_earlier > 0 ? exit_code::failed : exit_code::ok);
}

void say_result(progress_screen& screen, const each_options& options, const run_result& result) {
  if (options.quiet)
    return;
  if (result.failed_earlier > 0)
    screen.say(failed_before_text(result.failed_earlier));
  if (result.stopped || result.signal != 0)
    screen.say(std::string("stopped before the end") +
               (options.journal.empty() ? "" : "; --resume goes on"));
}

int run(const each_options& options, const std::string& command_line) {
  event_queue events;
  const auto inputs = open_inputs(options, events);
  std::optional<journal> notes;
  if (!options.journal.empty())
    notes.emplace(options.journal, options.resume, command_line);
  if (!options.output_dir.empty())
    make_output_dir(options.output_dir);
  std::shared_ptr<pool_trace> trace;
  if (!options.trace.empty())
    trace = std::make_shared<pool_trace>(options.trace, ::getpid(), "troupe each");
  auto spool = open_spool(options);
  spool.keep(notes.has_value()); // however the run ends, until all has been shown
  const auto size = shape_of(options);
  const command_work task(settings_of(options, spool.path(), size.concurrency));
  progress_screen screen(options.quiet);
  output_writer outputs({.keep_order = options.keep_order,
    .tag = options.tag,
    .spool = spool.path(),
    .before = [&screen] { screen.clear(); },
    .shown =
      [&notes](const output& what) {
        if (notes)
          notes->drop_output(what.attempt);
      }});

  troupe::runtime rt(troupe::runtime_options{.control = true});
  pool_tasks tasks(rt, task, options, size, events, trace);
  const interruption signals(rt, events, tasks.pool());
  // However the run ends, also what still runs then can be interrupted.
  const std::unique_ptr<pool_tasks, void (*)(pool_tasks*)> finish(
    &tasks, [](pool_tasks* each) { each->finish(); });
  driver all({.options = options,
    .task = task,
    .events = events,
    .inputs = *inputs,
    .journal = notes ? &*notes : nullptr,
    .outputs = outputs,
    .screen = screen,
    .trace = trace.get(),
    .jobs = size.processes * size.concurrency,
    .place = options.output_dir.empty() ? spool.path() : options.output_dir,
    .begin = [&](std::uint64_t ticket, const input_job& job) { tasks.begin(ticket, job); },
    .end = [&](std::uint64_t ticket) { tasks.end(ticket); },
    .end_all = [&] { tasks.end_all(); }});
  const auto result = all.run();
  spool.keep(false);
  say_result(screen, options, result);
  if (trace) {
    tasks.finish(); // of which the ends of children are part
    trace->writer().finish();
  }
  return exit_code_of(result);
}

// As programs end whose output nobody reads any more.
[[noreturn]] void end_by_sigpipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
  std::_Exit(128 + SIGPIPE);
}

} // namespace

int run_each(const std::vector<std::string>& arguments) {
  try {
    const auto read = read_each_options(arguments);
    if (const auto* code = std::get_if<int>(&read))
      return *code;
    const auto& options = std::get<each_options>(read);
    check_descriptors(options);
    if (options.dry_run)
      return print_commands(options);
    check_processes_are_seen();
    ::signal(SIGPIPE, SIG_IGN); // a write says so
    const auto command_line = "each " + shell_line(arguments);
    if (!options.task.empty())
      return run_task_lines(options, command_line);
    return run(options, command_line);
  } catch (const usage_problem& problem) {
    std::cerr << "troupe each: " << text::printable(problem.what()) << '\n';
    return static_cast<int>(exit_code::usage);
  } catch (const broken_problem& problem) {
    std::cerr << "troupe each: " << text::printable(problem.what()) << '\n';
    return static_cast<int>(exit_code::broken);
  } catch (const closed_output&) {
    end_by_sigpipe();
  }
}

} // namespace troupe_cli
