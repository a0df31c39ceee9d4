#include "each/task_lines.hpp"

#include "each/output_writer.hpp"
#include "each/progress.hpp"
#include "exit_code.hpp"
#include "journal/item_journal.hpp"
#include "lines/byte_input.hpp"
#include "lines/describe_failure.hpp"
#include "lines/named_task.hpp"
#include "problems.hpp"
#include "trace/pool_trace.hpp"

#include <troupe/runtime.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <iostream>
#include <optional>
#include <vector>

#include <unistd.h>

namespace troupe_cli {

namespace {

// Writes lines to stdout, many at once.
class line_output {
public:
  void add(std::string_view line, char delimiter) {
    (text_ += line) += delimiter;
    if (text_.size() >= most_bytes)
      flush();
  }
  void flush() {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const auto n = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EPIPE)
        throw closed_output();
      if (n < 0)
        throw broken_problem(std::string("cannot write to stdout: ") + std::strerror(errno));
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    text_.clear();
  }

private:
  static constexpr std::size_t most_bytes = std::size_t{64} * 1024;
  std::string text_;
};

// How long results that were taken may wait to be shown and noted.
constexpr std::chrono::milliseconds note_interval(50);

// What a journal has to do with the inputs of a task. Results come in the order of the inputs, so ends are noted in that
// order.
class noted_inputs {
public:
  noted_inputs(const each_options& options, const std::string& command_line, const line_task& what,
    line_output& out, bool gives)
    : options_(options)
    , module_(what.task.module)
    , task_(what.task.task.name)
    , out_(out)
    , gives_(gives) {
    if (!options.journal.empty())
      journal_.emplace(options.journal, options.resume, options.retry_failed, command_line);
  }

  /// The next input that is to be done. Those before it that an earlier run has done are counted, and shown if they were
  /// not.
  std::optional<std::string> next(const std::function<std::optional<std::string>()>& inputs) {
    for (auto input = inputs(); input; input = inputs())
      if (begins(*input))
        return input;
    return std::nullopt;
  }

  /// The first one that is not taken has this result, and is taken.
  void take(std::string_view result) {
    const auto one = take_first();
    if (journal_)
      journal_->end_well(one.note, std::string(result), 0);
    show(one.note.attempt, result);
  }

  /// ... has failed. Returns its number.
  std::uint64_t take_failure(const std::exception_ptr& failure) {
    const auto one = take_first();
    if (journal_)
      journal_->end_badly(one.note, failure, describe_failure(failure));
    return one.number;
  }

  std::size_t failed_before() const { return failed_before_; }

  void show_all() {
    out_.flush();
    if (!journal_)
      return;
    journal_->note_shown(unnoted_);
    unnoted_.clear();
    journal_->commit();
    next_note_ = std::chrono::steady_clock::now() + note_interval;
  }

  void finish() {
    show_all();
    if (journal_)
      journal_->finish("all");
  }

private:
  struct begun {
    std::uint64_t number = 0;
    noted_item note{};
  };

  bool begins(const std::string& input) {
    begun one{++number_};
    if (journal_)
      one.note = journal_->begin({"each", task_}, module_, one.number, input, options_.task);
    switch (one.note.is) {
    case noted_item::state::begun:
      begun_.push_back(std::move(one));
      return true;
    case noted_item::state::failed_before:
      ++failed_before_;
      return false;
    case noted_item::state::done_before:
      if (!one.note.result.shown)
        show(one.note.attempt, one.note.result.value);
    }
    return false;
  }

  begun take_first() {
    auto one = std::move(begun_.front());
    begun_.pop_front();
    return one;
  }

  void show(std::int64_t attempt, std::string_view result) {
    if (gives_)
      out_.add(result, options_.delimiter);
    if (!journal_)
      return;
    unnoted_.push_back(attempt);
    if (std::chrono::steady_clock::now() >= next_note_)
      show_all();
  }

  const each_options& options_;
  const std::string module_;
  const std::string task_;
  line_output& out_;
  const bool gives_;
  std::optional<item_journal> journal_;
  std::deque<begun> begun_;
  std::vector<std::int64_t> unnoted_; // attempts that were given to the output
  std::chrono::steady_clock::time_point next_note_{};
  std::uint64_t number_ = 0;
  std::size_t failed_before_ = 0;
};

// The inputs one after the other, from the command line or from bytes.
std::function<std::optional<std::string>()> inputs_of(
  const each_options& options, std::unique_ptr<byte_input>& bytes, const stop_bell& bell) {
  if (options.arguments)
    return [&all = *options.arguments, at = std::size_t{0}]() mutable {
      return at < all.size() ? std::optional(all[at++]) : std::nullopt;
    };
  bytes = std::make_unique<byte_input>(options.input_file.empty() ? "-" : options.input_file, bell);
  return [&bytes = *bytes, delimiter = options.delimiter] { return bytes.line(delimiter); };
}

line_task task_of(troupe::runtime& rt, const each_options& options) {
  line_task what{.task = troupe::probe_task(rt, options.task)};
  what.pool.name = "each";
  what.pool.processes = options.jobs;
  if (options.concurrency != 0) {
    what.pool.processes = options.jobs / options.concurrency;
    what.pool.childconcurrency = options.concurrency;
  }
  what.options.timeout = options.timeout;
  return what;
}

int run_lines(const each_options& options, const std::string& command_line) {
  stop_bell bell;
  std::unique_ptr<byte_input> bytes;
  const auto inputs = inputs_of(options, bytes, bell);
  troupe::runtime rt(troupe::runtime_options{.control = true});
  auto task = task_of(rt, options);
  std::shared_ptr<pool_trace> trace;
  if (!options.trace.empty()) {
    trace = std::make_shared<pool_trace>(options.trace, ::getpid(), "troupe each");
    record(task.pool, trace, task.task.task.name);
  }
  line_output out;
  noted_inputs notes(options, command_line, task, out, task.task.task.result != "null");
  const auto counts = run_line_task(rt, task,
    {.next = [&] { return notes.next(inputs); },
      .result = [&](std::string_view result) { notes.take(result); },
      .failure =
        [&](std::size_t, const std::exception_ptr& failure) {
          const auto number = notes.take_failure(failure);
          if (!options.quiet)
            std::cerr << "troupe each: input " + std::to_string(number) + ": " +
                           describe_failure(failure) + '\n';
          return true;
        }});
  notes.finish();
  if (trace)
    trace->writer().finish();
  if (!options.quiet && notes.failed_before() > 0)
    std::cerr << "troupe each: " + failed_before_text(notes.failed_before()) + '\n';
  return static_cast<int>(
    counts.failed + notes.failed_before() > 0 ? exit_code::failed : exit_code::ok);
}

} // namespace

int run_task_lines(const each_options& options, const std::string& command_line) {
  try {
    return run_lines(options, command_line);
  } catch (const troupe::module_error& problem) {
    throw usage_problem(problem.what());
  } catch (const troupe::pool_failed& problem) {
    throw broken_problem(problem.what());
  } catch (const broken_problem&) {
    throw;
  } catch (const std::runtime_error& problem) { // of the input
    throw broken_problem(problem.what());
  }
}

} // namespace troupe_cli
